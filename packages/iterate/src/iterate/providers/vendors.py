"""The vendors as rows: where they are asked, in which format, which variables hold their key, and their habits."""

from msgspec import Struct

from iterate.providers.endpoint import Habits, Wire


class Vendor(Struct, frozen=True, kw_only=True):
    """One vendor. Without a base URL it is known by name only."""

    name: str
    title: str
    base_url: str
    wire: Wire = Wire.CHAT
    # Variables of the client's environment, the first that is set counts.
    variables: tuple[str, ...] = ()
    habits: Habits = Habits()


VENDORS: tuple[Vendor, ...] = (
    Vendor(
        name="anthropic",
        title="Anthropic",
        base_url="https://api.anthropic.com/v1",
        wire=Wire.MESSAGES,
        variables=("ANTHROPIC_API_KEY",),
        habits=Habits(marks_cache=True),
    ),
    Vendor(
        name="openai",
        title="OpenAI",
        base_url="https://api.openai.com/v1",
        wire=Wire.RESPONSES,
        variables=("OPENAI_API_KEY",),
        habits=Habits(cache_key="prompt_cache_key"),
    ),
    Vendor(
        name="google",
        title="Google Gemini",
        base_url="https://generativelanguage.googleapis.com/v1beta",
        wire=Wire.GENERATE,
        variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    ),
    Vendor(
        name="openrouter",
        title="OpenRouter",
        base_url="https://openrouter.ai/api/v1",
        variables=("OPENROUTER_API_KEY",),
        habits=Habits(effort="reasoning", marks_cache=True),
    ),
    Vendor(
        name="mistral",
        title="Mistral",
        base_url="https://api.mistral.ai/v1",
        variables=("MISTRAL_API_KEY",),
        # It counts without being asked, and refuses what it does not know.
        habits=Habits(asks_for_usage=False, id_length=9),
    ),
    Vendor(
        name="deepseek",
        title="DeepSeek",
        base_url="https://api.deepseek.com/v1",
        variables=("DEEPSEEK_API_KEY",),
        habits=Habits(thoughts="reasoning_content"),
    ),
    Vendor(
        name="xai",
        title="xAI",
        base_url="https://api.x.ai/v1",
        variables=("XAI_API_KEY",),
    ),
    Vendor(
        name="groq",
        title="Groq",
        base_url="https://api.groq.com/openai/v1",
        variables=("GROQ_API_KEY",),
        habits=Habits(effort="reasoning_effort", most="max_completion_tokens"),
    ),
    Vendor(
        name="cerebras",
        title="Cerebras",
        base_url="https://api.cerebras.ai/v1",
        variables=("CEREBRAS_API_KEY",),
        habits=Habits(effort="reasoning_effort", most="max_completion_tokens"),
    ),
    Vendor(
        name="moonshot",
        title="Moonshot AI",
        base_url="https://api.moonshot.ai/v1",
        variables=("MOONSHOT_API_KEY",),
        habits=Habits(thoughts="reasoning_content"),
    ),
    Vendor(
        name="zai",
        title="Z.AI",
        base_url="https://api.z.ai/api/paas/v4",
        variables=("ZAI_API_KEY",),
        habits=Habits(thoughts="reasoning_content"),
    ),
    Vendor(
        name="together",
        title="Together AI",
        base_url="https://api.together.xyz/v1",
        variables=("TOGETHER_API_KEY",),
    ),
    Vendor(
        name="fireworks",
        title="Fireworks AI",
        base_url="https://api.fireworks.ai/inference/v1",
        variables=("FIREWORKS_API_KEY",),
    ),
    Vendor(
        name="dashscope",
        title="Alibaba Model Studio",
        base_url="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        variables=("DASHSCOPE_API_KEY",),
    ),
)


class Place(Struct, frozen=True, kw_only=True):
    """A server of models that people run on their own machine, and the port that it has by itself."""

    name: str
    title: str
    port: int
    wire: Wire = Wire.CHAT
    # How it is started, for the hint.
    start: str
    # Leaves out what does not fit into its window, and says nothing.
    cuts: bool = False


PLACES: tuple[Place, ...] = (
    Place(name="ollama", title="Ollama", port=11434, wire=Wire.OLLAMA, start="ollama serve", cuts=True),
    Place(name="llamacpp", title="llama.cpp", port=8080, start="llama-server --jinja -m MODEL.gguf"),
    Place(name="lmstudio", title="LM Studio", port=1234, start="lms server start", cuts=True),
    Place(name="vllm", title="vLLM", port=8000, start="vllm serve MODEL"),
)
