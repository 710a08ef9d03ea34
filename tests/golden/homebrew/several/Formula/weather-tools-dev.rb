# Rendered for each release; an edit here is lost. To install it, type the full name:
#   brew install somebody/tap/weather-tools-dev
class WeatherToolsDev < Formula
  CHANNEL_URL = "http://127.0.0.1:8642/site/channels/dev.json".freeze

  desc "Shows the weather in three ways"
  homepage "https://example.org/weather"
  version "0.0.0-dev-20260102030405"
  license "BSD-3-Clause"

  livecheck do
    url CHANNEL_URL
    strategy :json do |json|
      json["version"]
    end
  end

  on_macos do
    on_arm do
      url "http://127.0.0.1:8642/site/v0.0.0-dev-20260102030405/weather-tools-0.0.0-dev-20260102030405-darwin-arm64.tar.gz"
      sha256 "a9dca2a5a7f43f0f37c2cc30bdc1015309045121caec4849ae608dd695d29646"
    end
    on_intel do
      url "http://127.0.0.1:8642/site/v0.0.0-dev-20260102030405/weather-tools-0.0.0-dev-20260102030405-darwin-baseline-x64.tar.gz"
      sha256 "9f77ecddf831dd94a2d35ae9c8430d4b2bc2d5cfcc212458299581b3cb1f0aeb"
    end
  end

  on_linux do
    on_arm do
      url "http://127.0.0.1:8642/site/v0.0.0-dev-20260102030405/weather-tools-0.0.0-dev-20260102030405-linux-arm64.tar.gz"
      sha256 "ea7a1c11f4c16c43b0bf4d5ee26005278af9b2afa68e6239de3798470dc8b43d"
    end
    on_intel do
      url "http://127.0.0.1:8642/site/v0.0.0-dev-20260102030405/weather-tools-0.0.0-dev-20260102030405-linux-baseline-x64.tar.gz"
      sha256 "f61e54f6ea28011eab8f9932c4757dcf2ee9db14b4eb9bde51e9bc0155a590c6"
    end
  end

  # The names of the libraries begin with @rpath; their headers have no room for a path in the Cellar.
  preserve_rpath

  def install
    libexec.install "weather-tools"
    bin.install_symlink libexec/"weather-tools/weather.bin" => "weather"
    bin.install_symlink libexec/"weather-tools/weather.bin" => "Weather_Map.py"
    bin.install_symlink libexec/"weather-tools/weather.bin" => "weather3.12-gui"
    # Completions and manual pages, of each command that has some.
    Dir["completions/*"].each do |file|
      case File.extname(file)
      when ".bash" then bash_completion.install file => File.basename(file, ".bash")
      when ".fish" then fish_completion.install file
      else zsh_completion.install file
      end
    end
    Dir["man/*"].each { |page| (man/"man#{File.extname(page)[1]}").install page }
    # Those of the libraries inside, a folder each.
    pkgshare.install "licenses" if File.directory?("licenses")
    # Says who installed this copy, for the program to know.
    (libexec/"weather-tools/install-receipt.json").write <<~JSON
      {"schema": 1, "name": "somebody/tap/weather-tools-dev", "method": "brew", "channel": "dev", "stream": "dev", "version": "0.0.0-dev-20260102030405", "packages": {"brew": {"latest": "somebody/tap/weather-tools", "dev": "somebody/tap/weather-tools-dev"}, "scoop": {"latest": "somebody/weather-tools", "dev": "somebody/weather-tools-dev"}, "aur": {"latest": "weather-tools-bin", "dev": "weather-tools-dev-bin"}, "deb": {"latest": "weather-tools", "dev": "weather-tools-dev"}, "winget": {"latest": "Somebody.Weather", "dev": "Somebody.Weather.Dev"}, "npm": {"latest": "weather-tools", "dev": "weather-tools"}}, "sites": ["http://127.0.0.1:8642/site/"]}
    JSON
  end

  def caveats
    on_linux do
      "On Linux this program needs glibc 2.34 or newer; `ldd --version` says which one is there."
    end
  end

  test do
    assert_match "weather, version", shell_output("#{bin}/weather --version")
    assert_match version.to_s, shell_output("_RELEASE_STAMP=1 #{bin}/weather")
    assert_match version.to_s, shell_output("_RELEASE_STAMP=1 #{bin}/Weather_Map.py")
    assert_match version.to_s, shell_output("_RELEASE_STAMP=1 #{bin}/weather3.12-gui")
  end
end
