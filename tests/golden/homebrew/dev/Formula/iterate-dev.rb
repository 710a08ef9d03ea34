# Rendered for each release; an edit here is lost. To install it, type the full name:
#   brew install acme/tap/iterate-dev
class IterateDev < Formula
  CHANNEL_URL = "http://127.0.0.1:8642/site/channels/dev.json".freeze

  desc "Coding agent for the terminal, behind a local server that starts on demand"
  homepage "https://github.com/acme/iterate"
  version "0.0.0-dev-20260102030405"
  license "MIT"

  livecheck do
    url CHANNEL_URL
    strategy :json do |json|
      json["version"]
    end
  end

  on_macos do
    on_arm do
      url "http://127.0.0.1:8642/site/v0.0.0-dev-20260102030405/iterate-0.0.0-dev-20260102030405-darwin-arm64.tar.gz"
      sha256 "c35d0cd1cd6db2c2972dcdc2dd81610bb9afac12ebee81212e7fdc9e3b8f09de"
    end
    on_intel do
      url "http://127.0.0.1:8642/site/v0.0.0-dev-20260102030405/iterate-0.0.0-dev-20260102030405-darwin-baseline-x64.tar.gz"
      sha256 "858d7a9d00959eba9ef3c82f4be2c2498f4bbe354d5f61ce83887ef0ddb37ff5"
    end
  end

  on_linux do
    on_arm do
      url "http://127.0.0.1:8642/site/v0.0.0-dev-20260102030405/iterate-0.0.0-dev-20260102030405-linux-arm64.tar.gz"
      sha256 "438dbffa13fcf932957aa04cec9e7ef83a84a54725387f8436b02626e999ba71"
    end
    on_intel do
      url "http://127.0.0.1:8642/site/v0.0.0-dev-20260102030405/iterate-0.0.0-dev-20260102030405-linux-baseline-x64.tar.gz"
      sha256 "02a7851c19be050e830e62c653f367a1d38d2cd1eb91287997c6a5cec028c680"
    end
  end

  # The names of the libraries begin with @rpath; their headers have no room for a path in the Cellar.
  preserve_rpath

  def install
    libexec.install "iterate"
    bin.install_symlink libexec/"iterate/iterate"
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
    (libexec/"iterate/install-receipt.json").write <<~JSON
      {"schema": 1, "name": "acme/tap/iterate-dev", "method": "brew", "channel": "dev", "stream": "dev", "version": "0.0.0-dev-20260102030405", "packages": {"brew": {"latest": "acme/tap/iterate", "dev": "acme/tap/iterate-dev"}, "scoop": {"latest": "acme/iterate", "dev": "acme/iterate-dev"}, "aur": {"latest": "iterate-bin", "dev": "iterate-dev-bin"}, "deb": {"latest": "iterate", "dev": "iterate-dev"}, "winget": {"latest": "Acme.Iterate", "dev": "Acme.Iterate.Dev"}, "npm": {"latest": "iterate", "dev": "iterate"}}, "sites": ["http://127.0.0.1:8642/site/"]}
    JSON
  end

  def caveats
    on_linux do
      "On Linux this program needs glibc 2.34 or newer; `ldd --version` says which one is there."
    end
  end

  service do
    run [opt_bin/"iterate", "serve"]
    # On Linux brew would start it again whenever it finds that another copy of the server runs already.
    keep_alive crashed: true if OS.mac?
    environment_variables PATH: std_service_path_env
    log_path var/"log/iterate-dev.log"
    error_log_path var/"log/iterate-dev.log"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/iterate --version")
    assert_match version.to_s, shell_output("_RELEASE_STAMP=1 #{bin}/iterate")
    assert_match "iterate", shell_output("#{bin}/iterate completion bash")
  end
end
