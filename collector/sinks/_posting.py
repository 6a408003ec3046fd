"""Posts one body after the other over a connection that is kept, and says what came of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from collector.sinks import AwayError
from collector.sinks._answers import meaning
from collector.sinks._http import Credentialed
from edunet.errors import DeliveryError

MOST_READ: Final = 1 << 16  # of an answer; whoever says more is hung up on


class Posting:
    """`good` are the answers that mean a write; anything else is none."""

    def __init__(
        self,
        settings: Credentialed,
        path: str,
        params: Mapping[str, str],
        headers: Mapping[str, str],
        good: Collection[int] = (204,),
    ) -> None:
        import httpx  # 0.1 s: only for those who push

        self.connections = 0
        self._settings = settings
        self._secrets = settings.secrets()
        self._good = good
        # No redirect is followed: it would turn the POST into a GET of some login page.
        self._client = httpx.Client(
            headers={"User-Agent": "edunet", **settings.said(), **headers},
            verify=settings.trust(),
            proxy=settings.proxy,
            timeout=settings.timeout,
            trust_env=False,
        )
        self._request: dict[str, Any] = {
            "url": settings.url + path,
            "params": dict(params) or None,
            "extensions": {"trace": self._trace},
        }

    def post(self, body: bytes) -> None:
        """Deliver one body.

        Raises:
            DeliveryError: it was not taken; its kind says why.
        """
        import httpx

        url = self._settings.url
        try:
            with self._client.stream("POST", content=body, **self._request) as answer:
                words = b""
                for chunk in answer.iter_raw():
                    words += chunk
                    if len(words) > MOST_READ:
                        break
                status, headers = answer.status_code, answer.headers
        except httpx.HTTPError as error:
            raise AwayError(f"{url}: {_plain(error)}", refused=_refused(error)) from None
        html = "html" in headers.get("Content-Type", "")  # a login page says 200 as well
        if status in self._good and not html:
            return
        if status < 400:
            raise DeliveryError(f"{url} answered {status}, which is no write")
        raise meaning(url, status, words.decode(errors="replace"), headers, self._secrets)

    def close(self) -> None:
        self._client.close()

    def _trace(self, event: str, _: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            self.connections += 1


def _refused(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ConnectionRefusedError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _plain(error: Exception) -> str:
    return str(error) or type(error).__name__
