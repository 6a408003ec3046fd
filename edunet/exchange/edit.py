"""How does a YAML file change where it must, and keep its comments and its form everywhere else?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import yaml

from edunet.exchange.plan import Step
from edunet.exchange.yamltext import flow, scalar

_FLOW: Final = 4  # how far a new line of a list in brackets is indented


class Edit(NamedTuple):
    """`text` in place of what stands from `start` to `end`."""

    start: int
    end: int
    text: str


class YamlFile:
    """The text of one file and where its things stand in it.

    The file must have been read without error: no anchors, no tags, few levels.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.root: Any = yaml.compose(text, Loader=yaml.CSafeLoader)
        self.sections: dict[str, Any] = {}
        self.items: dict[tuple[str, str], Any] = {}
        self.newline = "\r\n" if "\r\n" in text else "\n"
        if isinstance(self.root, yaml.MappingNode):
            self.sections = {key.value: value for key, value in self.root.value}
        for section, node in self.sections.items():
            for name, item in _things(node):
                self.items[section, name] = item

    def lines(self) -> Iterator[tuple[int, int, str, str]]:
        """First line, last line, section and id of every thing."""
        for (section, name), item in self.items.items():
            last = self.text.count("\n", item.start_mark.index, self.end(item))
            first = item.start_mark.line + 1
            yield first, first + last, section, name

    def changed(self, steps: Sequence[Step]) -> str:
        """The text after the steps; those that change or remove concern things that are here."""
        edits: list[Edit] = []
        for step in steps:
            if step.action == "change":
                edits += self._change(self.items[step.table, step.id], step.fields)
        for section in dict.fromkeys(step.table for step in steps):
            mine = [step for step in steps if step.table == section]
            gone = {step.id for step in mine if step.action == "remove"}
            new = [step for step in mine if step.action == "add"]
            edits += self._section(section, gone, new)
        return _applied(self.text, edits)

    def end(self, node: Any) -> int:
        """Where a node's own text ends: not the comments and blank lines that follow a block."""
        if isinstance(node, yaml.ScalarNode) or node.flow_style:
            start: int = node.start_mark.index
            return start + len(self.text[start : node.end_mark.index].rstrip())
        last = node.value[-1] if node.value else None
        if last is None:
            return int(node.end_mark.index)
        return self.end(last[1] if isinstance(last, tuple) else last)

    def _line_end(self, at: int) -> int:
        """The end of the line, before its newline."""
        stop = self.text.find("\n", at)
        stop = len(self.text) if stop < 0 else stop
        return stop - 1 if stop > at and self.text[stop - 1] == "\r" else stop

    def _change(self, item: Any, fields: Mapping[str, Any]) -> Iterator[Edit]:
        """Edits of the fields of one thing; all of it anew where a removal would be intricate."""
        held = {key.value: (key, value) for key, value in item.value}
        gone = [name for name, value in fields.items() if value is None and name in held]
        new = {n: value for n, value in fields.items() if value is not None and n not in held}
        set_ = {n: value for n, value in fields.items() if value is not None and n in held}
        if gone:
            yield self._rewritten(item, {**dict.fromkeys(gone), **new, **set_})
            return
        for name, value in set_.items():
            node = held[name][1]
            start, stop = node.start_mark.index, self.end(node)
            text = flow(value, name)
            yield Edit(start, stop, f" {text}" if stop == start else text)
        if new:
            parts = [f"{scalar(name)}: {flow(value, name)}" for name, value in new.items()]
            yield self._appended(item, parts)

    def _appended(self, mapping: Any, parts: list[str]) -> Edit:
        """New keys at the end of a mapping that holds at least one."""
        stop = self.end(mapping.value[-1][1])
        if mapping.flow_style:
            return Edit(stop, stop, "".join(f", {part}" for part in parts))
        stop = self._line_end(stop)
        indent = self.newline + " " * mapping.value[0][0].start_mark.column
        return Edit(stop, stop, "".join(indent + part for part in parts))

    def _rewritten(self, item: Any, fields: Mapping[str, Any]) -> Edit:
        """A thing in its own form, with some fields other, and some (None) no more."""
        kept = {key.value: value for key, value in item.value if key.value not in fields}
        parts = [f"{scalar(name)}: {self._verbatim(value)}" for name, value in kept.items()]
        parts += [
            f"{scalar(name)}: {flow(value, name)}"
            for name, value in fields.items()
            if value is not None
        ]
        start, stop = item.start_mark.index, self.end(item)
        if item.flow_style:
            return Edit(start, stop, f"{{{', '.join(parts)}}}")
        return Edit(start, stop, (self.newline + " " * item.start_mark.column).join(parts))

    def _verbatim(self, node: Any) -> str:
        """What was written, on one line where it is simple; else written anew."""
        if isinstance(node, yaml.ScalarNode) or node.flow_style:
            text = self.text[node.start_mark.index : self.end(node)]
            if "\n" not in text and "#" not in text:
                return text or '""'
        return flow(_plain(node))

    def _section(self, section: str, gone: set[str], new: Sequence[Step]) -> Iterator[Edit]:
        node = self.sections.get(section)
        named = isinstance(node, yaml.MappingNode) and section == "standards"
        if node is None:
            if new:
                yield self._new_section(section, new)
        elif not isinstance(node, yaml.SequenceNode) and not named:
            if gone or new:  # nothing is there yet, or one vantage that is no list
                kept = [_plain(item) for name, item in _things(node) if name not in gone]
                listed = [flow(one) for one in kept] + [_thing(section, one) for one in new]
                start, stop = node.start_mark.index, self.end(node)
                blank = " " if start == stop else ""
                yield Edit(start, stop, blank + _bracketed(section, listed))
        else:
            held = [(name, item, first) for name, item, first in self._parts(node)]
            if gone:
                yield from self._drop(node, held, gone)
            if new:
                added = [_thing(section, one) for one in new]
                yield self._add(section, node, held, added, gone)

    def _parts(self, node: Any) -> Iterator[tuple[str, Any, int]]:
        """Every entry of a section: its id, its value, and where it begins."""
        for entry in node.value:
            if isinstance(entry, tuple):
                yield entry[0].value, entry[1], entry[0].start_mark.index
            else:
                yield _id(entry) or "", entry, entry.start_mark.index

    def _new_section(self, section: str, new: Sequence[Step]) -> Edit:
        listed = [_thing(section, one) for one in new]
        if self.root is not None and self.root.flow_style:
            stop = self.end(self.root.value[-1][1]) if self.root.value else self.end(self.root) - 1
            comma = ", " if self.root.value else ""
            return Edit(stop, stop, f"{comma}{section}: {_bracketed(section, listed)}")
        empty = self.root is None or not self.root.value
        stop = 0 if empty else self._line_end(self.end(self.root))
        dash = "" if section == "standards" else "- "
        lines = "".join(f"{self.newline}  {dash}{one}" for one in listed)
        return Edit(stop, stop, f"{'' if empty else self.newline * 2}{section}:{lines}")

    def _add(
        self, section: str, node: Any, held: list[Any], added: list[str], gone: set[str]
    ) -> Edit:
        """New entries after the last of those that stay."""
        kept = [one for one in held if one[0] not in gone]
        if node.flow_style:
            stop = self.end(held[-1][1]) if held else node.start_mark.index + 1
            between = f",{self.newline}{' ' * _FLOW}"
            text = between.join(added)
            return Edit(stop, stop, between + text if kept else text)
        indent = " " * node.start_mark.column + ("" if section == "standards" else "- ")
        if not kept:
            start = self._entry_line(held[0][2], node.start_mark.column)
            return Edit(start, start, "".join(f"{indent}{one}{self.newline}" for one in added))
        stop = self._line_end(self.end(kept[-1][1]))
        return Edit(stop, stop, "".join(f"{self.newline}{indent}{one}" for one in added))

    def _drop(self, node: Any, held: list[Any], gone: set[str]) -> Iterator[Edit]:
        if not node.flow_style:
            for name, item, begin in held:
                if name in gone:
                    start = self._entry_line(begin, node.start_mark.column)
                    stop = self._line_end(self.end(item))
                    after = self.text.find("\n", stop)
                    yield Edit(start, len(self.text) if after < 0 else after + 1, "")
            return
        kept_before = False
        for at, (name, item, begin) in enumerate(held):
            if name not in gone:
                kept_before = True
            elif kept_before:
                yield Edit(self.end(held[at - 1][1]), self.end(item), "")
            else:
                last = at + 1 == len(held)
                yield Edit(begin, self.end(item) if last else held[at + 1][2], "")

    def _entry_line(self, begin: int, column: int) -> int:
        """The start of the line of an entry's dash, which may stand above the entry itself."""
        start = self.text.rfind("\n", 0, begin) + 1
        while start and self.text[start + column : start + column + 1].isspace():
            start = self.text.rfind("\n", 0, start - 1) + 1
        return start


def _things(node: Any) -> Iterator[tuple[str, Any]]:
    """The things of a section with their ids."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            if name := _id(item):
                yield name, item
    elif isinstance(node, yaml.MappingNode):
        if name := _id(node):
            yield name, node  # one vantage, which needs no list
        else:
            for key, value in node.value:
                yield key.value, value


def _id(node: Any) -> str | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next(
        (v.value for k, v in node.value if k.value == "id" and isinstance(v, yaml.ScalarNode)), None
    )


def _plain(node: Any) -> Any:
    """What a node holds; every scalar is text, as the inventory reads it."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one) for one in node.value]
    return node.value


def _thing(section: str, step: Step) -> str:
    fields = dict(step.fields)
    if section != "standards":
        return flow(fields)
    name = fields.pop("id")
    return f"{scalar(str(name))}: {flow(fields)}"


def _bracketed(section: str, listed: list[str]) -> str:
    inner = f",\n{' ' * _FLOW}".join(listed)
    return f"{{{inner}}}" if section == "standards" else f"[{inner}]"


def _applied(text: str, edits: list[Edit]) -> str:
    """The text with all edits made; where several insert at one place, in their order."""
    pieces: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda one: (one.start, one.end)):
        pieces += [text[at : edit.start], edit.text]
        at = max(at, edit.end)
    return "".join([*pieces, text[at:]])
