"""Which colours, names of states and small panels do all dashboards have in common?"""

from __future__ import annotations

from typing import Final

from edunet.dashboards.panel import Annotation, Panel, Query, Unit, Variable, Way

# The colours of the web pages: only trouble is coloured.
DOWN: Final = "#c23321"
UNREACHABLE: Final = "#e0705f"
DEGRADED: Final = "#c08017"
UNKNOWN: Final = "#7b8186"
CALM: Final = "#8a9a92"
ACCENT: Final = "#3b76a8"

# State, its name, its colour, what it means: those that are worth a figure.
STATES: Final = (
    ("down", "中断 Down", DOWN, "最后一段链路断了。The last mile is broken."),
    ("unreachable", "不可达 Unreachable", UNREACHABLE, "上级中断。The break is further up."),
    ("degraded", "降级 Degraded", DEGRADED, "通，但质量差。Connected, and badly."),
    ("unknown", "情况不明 Unknown", UNKNOWN, "没有证据，不算中断。No evidence; not an outage."),
)
STATE_WORDS: Final = (
    ("up", "正常 Up", CALM),
    *((state, title, colour) for state, title, colour, _ in STATES),
)
# The five states as the numbers that `state_number` makes of them.
STATE_VALUES: Final = (
    ("0", "情况不明 Unknown", UNKNOWN),
    ("1", "正常 Up", CALM),
    ("2", "降级 Degraded", DEGRADED),
    ("3", "中断 Down", DOWN),
    ("4", "不可达 Unreachable", UNREACHABLE),
)
UP_VALUES: Final = (("1", "通 Up", CALM), ("0", "断 Down", DOWN))

BUSY: Final = ((0.0, CALM), (0.8, DEGRADED), (0.95, DOWN))
LOSSY: Final = ((0.0, CALM), (0.01, DEGRADED), (0.05, DOWN))
OLD: Final = ((0.0, CALM), (60.0, DEGRADED), (300.0, DOWN))

# What a county is called, once each: two collectors may say the same.
COUNTY_NAMES: Final = "max by (county, name) (edunet_county_info)"
COUNTIES: Final = Variable(
    "county",
    "县区 County",
    f"query_result({COUNTY_NAMES})",
    regex='/name="(?<text>[^"]+)|county="(?<value>[^"]+)/g',
)
COUNTY: Final = COUNTIES._replace(many=False)

TO_COUNTY: Final = Way("打开县区 Open the county", "edunet-county", "county", "county")
TO_SCHOOL: Final = Way("打开学校 Open the school", "edunet-school", "school", "site")
TO_LINK: Final = Way("打开链路 Open the link", "edunet-link", "link", "link")
TO_DEVICE: Final = Way("打开设备 Open the device", "edunet-device", "device", "device")

# More are open than a minute ago; what was not there then counts as nothing.
OPENED: Final = Annotation(
    "故障开始 Incident opened",
    "sum by (severity, cause) (edunet_incidents_open) > (sum by (severity, cause) "
    "(edunet_incidents_open offset 1m) or 0 * sum by (severity, cause) (edunet_incidents_open))",
    "{{severity}} · {{cause}}",
    DOWN,
)


def broken(metric: str, where: str, label: str) -> Annotation:
    """Marks when an element goes from anything else to not being up."""
    lost = f"(1 - {metric}{{{where}}}) > 0"
    before = f"(1 - {metric}{{{where}}} offset 1m) > 0"
    return Annotation("中断 Outage", f"({lost}) unless ({before})", f"{{{{{label}}}}}", DOWN)


def state_number(where: str) -> str:
    """One of `STATE_VALUES` for the school that `where` names."""
    terms = [
        f'{number} * sum(edunet_school_state{{{where},state="{state}"}})'
        for number, state in enumerate(("unknown", "up", "degraded", "down", "unreachable"))
    ]
    return " + ".join(terms)


def stat(
    title: str,
    text: str,
    expr: str,
    colours: tuple[tuple[float, str], ...] = (),
    unit: Unit = "short",
) -> Panel:
    """One figure, eight of them in a row."""
    return Panel("stat", title, text, (Query(expr, title),), 3, 4, unit, colours)


def curves(
    title: str, text: str, queries: tuple[Query, ...], unit: Unit = "short", width: int = 12
) -> Panel:
    """Values over time."""
    return Panel("timeseries", title, text, queries, width, 9, unit)


def trouble(colour: str) -> tuple[tuple[float, str], ...]:
    """Calm at nothing, coloured from the first one on."""
    return ((0.0, CALM), (1.0, colour))


def traffic(where: str, name: str) -> Panel:
    """Both directions and the committed rate of links; `name` is the legend's `{{label}}`."""
    return Panel(
        "timeseries",
        "流量 Traffic",
        "下行、上行与签约速率。Download, upload and the committed rate.",
        (
            Query(f"edunet_link_download_bits_per_second{{{where}}}", f"{name} 下行 down"),
            Query(f"edunet_link_upload_bits_per_second{{{where}}}", f"{name} 上行 up"),
            Query(f"edunet_link_committed_bits_per_second{{{where}}}", f"{name} 签约 committed"),
        ),
        12,
        9,
        "bps",
        series=(("/committed$/", DOWN, True), ("/down$/", ACCENT, False)),
    )
