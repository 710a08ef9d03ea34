"""A server that is killed while a person is asked: the next one knows that nobody answered, and asks nothing twice."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.iterate import spoken
from tests.iterate.conftest import World, eventually
from tests.iterate.replaying import Answer, replay_beside
from tests.iterate.spoken import Called, Said

from iterate.client import Client, Prompt, Workspace
from iterate.errors import RequestUnknown, ServerLost
from iterate.heard import Heard

pytestmark = [pytest.mark.processes, pytest.mark.systems("linux", "darwin")]

ASKS = Said(calls=(Called(id="c1", tool="bash", arguments={"command": "touch made"}),), read=10, wrote=5)


def served(world: World) -> Client:
    world.serve()
    eventually((world.state / "server.json").exists)
    return Client(world.announced())


def followed(client: Client, session: str, asked: Prompt) -> list[Heard]:
    found: list[Heard] = []
    client.exchange(session, asked).follow(found.append)
    return found


def waiting(client: Client) -> list[object]:
    rows = client.call("GET", "/permission")["permissions"]
    assert isinstance(rows, list)
    return rows


def test_what_was_asked_ends_as_interrupted_and_its_prompt_is_not_answered_a_second_time(world: World) -> None:
    project = world.home / "project"
    project.mkdir()
    config = world.home / ".config" / "iterate" / "config.toml"
    config.parent.mkdir(parents=True)
    answers = [Answer(pieces=(spoken.transcript("openai-chat", (each,)),)) for each in (ASKS, Said(text="Well."))]
    with replay_beside(*answers) as provider, ThreadPoolExecutor(1) as pool:
        config.write_text(f'[providers.trial]\nbase_url = "{provider.url}/v1"\n[providers.trial.models.m]\n')
        where = Workspace(directory=str(project), environment=world.environment)
        client = served(world)
        session = client.create_session(where)
        asked = Prompt("go", "trial/m", where, "prm_first", {})

        broken = pool.submit(followed, client, session, asked)
        eventually(lambda: bool(waiting(client)))
        (row,) = waiting(client)
        assert isinstance(row, dict)
        os.kill(world.announced().pid, signal.SIGKILL)
        with pytest.raises(ServerLost):
            broken.result(60)
        client = served(world)
        assert waiting(client) == []
        with pytest.raises(RequestUnknown):
            client.call("POST", f"/permission/{row['id']}", {"decision": "once"})
        # The same prompt is only read: how it ended, and that its call has a result.
        found = followed(client, session, asked)
        assert (found[-1].kind, found[-1].word("reason")) == ("failed", "interrupted")
        parts = [each.inner("part") for each in found if each.kind == "part"]
        assert [part.word("status") for part in parts if part.word("type") == "tool_result"] == ["cancelled"]
        assert len(provider.asked) == 1
        asked = Prompt("go on", "", where, "prm_second", {})
        assert followed(client, session, asked)[-1].kind == "done"
    assert list(project.iterdir()) == []
