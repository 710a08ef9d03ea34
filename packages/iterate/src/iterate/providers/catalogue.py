"""The models that vendors had when this was written, with their windows and prices; see docs/models.md.

A row is vendor/model, window and longest answer in tokens, dollars for a million tokens (sent, written, read from the
cache, written to it; `-` where nobody says), and abilities: i sees images, t calls tools, r thinks before it answers, a
takes words for how much.
"""

from collections.abc import Mapping
from functools import cache

from iterate.providers.facts import Facts
from iterate.request import Prices

AS_OF = "2026-02"

ROWS = """
anthropic/claude-opus-4-6            200000 128000  5    25   0.5   6.25  itra
anthropic/claude-sonnet-4-6          200000  64000  3    15   0.3   3.75  itra
anthropic/claude-opus-4-5            200000  64000  5    25   0.5   6.25  itr
anthropic/claude-sonnet-4-5          200000  64000  3    15   0.3   3.75  itr
anthropic/claude-haiku-4-5           200000  64000  1    5    0.1   1.25  itr
anthropic/claude-opus-4-1            200000  32000  15   75   1.5   18.75 itr
openai/gpt-5.2                       400000 128000  1.75 14   0.175 -     itra
openai/gpt-5.2-codex                 400000 128000  1.75 14   0.175 -     itra
openai/gpt-5.1                       400000 128000  1.25 10   0.125 -     itra
openai/gpt-5.1-codex                 400000 128000  1.25 10   0.125 -     itra
openai/gpt-5.1-codex-mini            400000 128000  0.25 2    0.025 -     itra
openai/gpt-5                         400000 128000  1.25 10   0.125 -     itr
openai/gpt-5-mini                    400000 128000  0.25 2    0.025 -     itr
openai/gpt-5-nano                    400000 128000  0.05 0.4  0.005 -     itr
openai/gpt-4.1                      1047576  32768  2    8    0.5   -     it
openai/gpt-4.1-mini                 1047576  32768  0.4  1.6  0.1   -     it
openai/gpt-4o                        128000  16384  2.5  10   1.25  -     it
openai/gpt-4o-mini                   128000  16384  0.15 0.6  0.075 -     it
openai/o3                            200000 100000  2    8    0.5   -     itr
openai/o4-mini                       200000 100000  1.1  4.4  0.275 -     itr
google/gemini-3-pro-preview         1048576  65536  2    12   0.2   -     itra
google/gemini-3-flash-preview       1048576  65536  0.5  3    0.05  -     itra
google/gemini-2.5-pro               1048576  65536  1.25 10   0.125 -     itr
google/gemini-2.5-flash             1048576  65536  0.3  2.5  0.03  -     itr
google/gemini-2.5-flash-lite        1048576  65536  0.1  0.4  0.01  -     itr
openrouter/anthropic/claude-sonnet-4.5 1000000 64000 3   15   0.3   3.75  itr
openrouter/openai/gpt-5.1            400000 128000  1.25 10   0.125 -     itr
openrouter/google/gemini-2.5-pro    1048576  65536  1.25 10   0.125 -     itr
openrouter/qwen/qwen3-coder          262144      -  -    -    -     -     t
mistral/mistral-large-latest         256000      -  0.5  1.5  -     -     it
mistral/mistral-medium-latest        128000      -  0.4  2    -     -     it
mistral/devstral-medium-latest       256000      -  0.4  2    -     -     t
mistral/codestral-latest             256000      -  0.3  0.9  -     -     t
mistral/magistral-medium-latest      128000      -  2    5    -     -     itr
deepseek/deepseek-chat               128000   8192  0.28 0.42 0.028 -     t
deepseek/deepseek-reasoner           128000  64000  0.28 0.42 0.028 -     tr
xai/grok-4                           256000      -  3    15   0.75  -     itr
xai/grok-4-1-fast-reasoning         2000000      -  0.2  0.5  0.05  -     itr
xai/grok-code-fast-1                 256000      -  0.2  1.5  0.02  -     tr
groq/openai/gpt-oss-120b             131072  65536  0.15 0.6  -     -     tr
groq/openai/gpt-oss-20b              131072  65536  0.075 0.3 -     -     tr
groq/moonshotai/kimi-k2-instruct-0905 262144 16384  1    3    -     -     t
groq/llama-3.3-70b-versatile         131072  32768  0.59 0.79 -     -     t
cerebras/gpt-oss-120b                131072      -  0.35 0.75 -     -     tr
cerebras/zai-glm-4.7                 131072      -  -    -    -     -     tr
moonshot/kimi-k2.5                   262144      -  0.6  3    0.1   -     itr
moonshot/kimi-k2-thinking            262144      -  0.6  2.5  0.15  -     tr
zai/glm-4.7                          200000 128000  0.6  2.2  0.11  -     tr
zai/glm-4.6                          200000 128000  0.6  2.2  0.11  -     tr
together/Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8 262144 - 2 2 -     -     t
together/openai/gpt-oss-120b         131072      -  0.15 0.6  -     -     tr
fireworks/accounts/fireworks/models/glm-4p7 202752 - 0.6 2.2  -     -     tr
dashscope/qwen3-coder-plus          1000000  65536  -    -    -     -     t
dashscope/qwen3-max                  262144  65536  -    -    -     -     t
"""


@cache
def models() -> Mapping[str, Facts]:
    """The rows by full name, in their order."""
    return dict(_row(line.split()) for line in ROWS.strip().splitlines())


def _row(fields: list[str]) -> tuple[str, Facts]:
    name, window, output, sent, written, read, kept, abilities = fields
    prices = None
    if sent != "-":
        prices = Prices(
            input=_micro(sent),
            output=_micro(written),
            cache_read=None if read == "-" else _micro(read),
            cache_write=None if kept == "-" else _micro(kept),
        )
    return name, Facts(
        window=int(window),
        output=None if output == "-" else int(output),
        prices=prices,
        images="i" in abilities,
        tools="t" in abilities,
        thinks="r" in abilities,
        is_adaptive="a" in abilities,
    )


def _micro(dollars: str) -> int:
    return round(float(dollars) * 1_000_000)
