"""Small, fast versions of what `make faults` tries with full counts: `benchmarks/faults` holds the faults."""

import asyncio
import contextlib
import ssl
from pathlib import Path

import pytest
from benchmarks.faults import big, disk, kills, load, vendors
from benchmarks.faults.vendors import ASKED, Send
from benchmarks.faults.worlds import source

from iterate.errors import ProviderBroke, ProviderFailed, ProviderUnreachable
from iterate.events import Piece, UsagePart
from iterate.providers import wires
from iterate.providers.assembly import MOST_WRITTEN
from iterate.providers.endpoint import Endpoint, Wire
from iterate.providers.network import Door, Patience
from iterate.settings import Surroundings

WIRES = pytest.mark.parametrize("wire", list(Wire))
# Short where it is waited for, and long where it must not be what ends it.
HASTY, PATIENT = Patience(5, 0.4, 0.4, 0.4), Patience(20, 60, 60, 60)


def outcome(send: Send, wire: Wire, patience: Patience, context: ssl.SSLContext | None = None) -> ProviderFailed | None:
    """How a step ends that a vendor with this fault answers; None for a good end."""

    async def main() -> ProviderFailed | None:
        door = Door()
        async with vendors.misbehaving(send, wire, context) as url:
            where = Endpoint(name="v/m", model="m", base_url=url, wire=wire, key=vendors.KEY, patience=patience)
            try:
                async with contextlib.aclosing(wires.stream(door, where, ASKED)) as items:
                    size = 0
                    async for item in items:
                        size += len(item.text) if isinstance(item, Piece) else 0
                        assert size <= MOST_WRITTEN
            except ProviderFailed as failure:
                return failure
            finally:
                await door.close()
        return None

    return asyncio.run(asyncio.wait_for(main(), 60))


@WIRES
@pytest.mark.parametrize(
    "send",
    [
        vendors.stalls_before,
        vendors.stalls_in_the_middle,
        vendors.drips_the_head,
        vendors.drips_one_event,
        vendors.drips_comments,
        vendors.drips_signs_of_life,
    ],
)
def test_a_vendor_that_makes_no_progress_is_given_up_however_it_hides_that(wire: Wire, send: Send) -> None:
    failure = outcome(send, wire, HASTY._replace(connect_s=0.4))
    assert isinstance(failure, ProviderUnreachable)
    assert failure.is_passing


@WIRES
@pytest.mark.parametrize(
    "send",
    [
        vendors.says_too_much,
        vendors.two_lengths,
        vendors.broken_chunks,
        vendors.endless_headers,
        vendors.endless_text,
        vendors.endless_arguments,
        vendors.many_calls,
        vendors.an_error_that_never_ends,
        vendors.packed,
        vendors.turns_in_circles,
        vendors.no_http,
    ],
)
def test_a_vendor_that_lies_or_never_ends_is_a_named_failure_in_bounds(wire: Wire, send: Send) -> None:
    failure = outcome(send, wire, PATIENT)
    assert failure is not None
    assert vendors.KEY not in f"{failure} {failure.hint}"


@WIRES
def test_what_is_packed_a_thousand_times_is_not_unpacked_as_a_whole(wire: Wire) -> None:
    assert isinstance(outcome(vendors.a_bomb, wire, PATIENT), ProviderBroke)


def test_a_certificate_that_nobody_signed_is_named_and_not_tried_again(tmp_path: Path) -> None:
    context = vendors.own_certificate(tmp_path)
    failure = outcome(vendors.cuts, Wire.CHAT, PATIENT, context)
    assert isinstance(failure, ProviderUnreachable)
    assert not failure.is_passing
    assert "SSL_CERT_FILE" in failure.hint


@pytest.mark.parametrize("counts", ['"prompt_tokens":-1,"completion_tokens":5', '"prompt_tokens":4611686018427387904'])
def test_counts_that_cannot_be_are_as_none(counts: str) -> None:
    async def main() -> list[UsagePart]:
        async def send(_wire: Wire, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            usage = f'data: {{"choices":[{{"finish_reason":"stop"}}],"usage":{{{counts}}}}}\n\ndata: [DONE]\n\n'
            writer.write(vendors.good(Wire.CHAT) + vendors.saying(Wire.CHAT, "twelve chars") + usage.encode())

        door = Door()
        async with vendors.misbehaving(send, Wire.CHAT) as url:
            where = Endpoint(name="v/m", model="m", base_url=url, wire=Wire.CHAT)
            found = [item async for item in wires.stream(door, where, ASKED) if isinstance(item, UsagePart)]
        await door.close()
        return found

    (usage,) = asyncio.run(main())
    assert usage.is_estimated
    assert usage.output == 3


FAULTS = {
    "kills": lambda: kills.kills(source(), 3),
    "subscribers": lambda: load.subscribers(source(), 20, 4, words=60),
    "output": lambda: big.output(source(), 32),
    "corrupted": lambda: disk.corrupted(source(), 4),
    "clock": lambda: disk.clock(4),
    "port": lambda: disk.port(source(), 1),
}


@pytest.mark.processes
@pytest.mark.systems("linux")
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_loses_nothing_and_is_named(name: str) -> None:
    row = FAULTS[name]()
    assert row.tried > 0
    assert row.failed == 0, row.said


@pytest.mark.parametrize("address", ["socks5://user:word@127.0.0.1:1", "socks5h://127.0.0.1:1", "ftp://127.0.0.1:1"])
def test_a_proxy_of_a_kind_that_is_not_spoken_is_named_without_its_password(address: str) -> None:
    async def main() -> ProviderUnreachable:
        door = Door()
        surroundings = Surroundings(http_proxy=address, https_proxy=address)
        where = Endpoint(
            name="v/m", model="m", base_url="https://example.invalid", wire=Wire.CHAT, surroundings=surroundings
        )
        with pytest.raises(ProviderUnreachable) as caught:
            _ = [item async for item in wires.stream(door, where, ASKED)]
        await door.close()
        return caught.value

    failure = asyncio.run(main())
    assert "the proxy 127.0.0.1:1 cannot be used" in str(failure)
    assert "http://HOST:PORT" in failure.hint
    assert "word" not in f"{failure}{failure.hint}{failure.__cause__}"
    assert not failure.is_passing


def test_a_name_that_steers_a_terminal_is_no_model_of_a_server_here() -> None:
    from iterate.providers import local

    names = ["\x1b[2J", "", "x" * 300, "a\nb", "\u202eevil", 7, "qwen3:8b"]
    assert list(local._listed({"data": [{"id": name} for name in names]})) == ["qwen3:8b"]
    assert list(local._tags({"models": [{"name": name} for name in names]})) == ["qwen3:8b"]
