# Rendered for each release; an edit here is lost. To install it, type the full name:
#   brew install acme/tap/iterate-beta
class IterateBeta < Formula
  CHANNEL_URL = "http://127.0.0.1:8642/site/channels/beta.json".freeze

  desc "Coding agent for the terminal, behind a local server that starts on demand"
  homepage "https://github.com/acme/iterate"
  version "1.3.0-rc.1"
  license "MIT"

  livecheck do
    url CHANNEL_URL
    strategy :json do |json|
      json["version"]
    end
  end

  on_macos do
    on_arm do
      url "http://127.0.0.1:8642/site/v1.3.0-rc.1/iterate-1.3.0-rc.1-darwin-arm64.tar.gz"
      sha256 "312676fa1860cce94d6e249ba939de0eba771c5c5730db7f874e41743d048949"
    end
    on_intel do
      url "http://127.0.0.1:8642/site/v1.3.0-rc.1/iterate-1.3.0-rc.1-darwin-baseline-x64.tar.gz"
      sha256 "0ce1d26cd4700e089867f77f3a5e7f2bb3bd4c1c8c32e7d08ce3f293acbaa021"
    end
  end

  on_linux do
    on_arm do
      url "http://127.0.0.1:8642/site/v1.3.0-rc.1/iterate-1.3.0-rc.1-linux-arm64.tar.gz"
      sha256 "f7e2507846ca4ee8d5c1e014d62915f4b857972bbb07a59ba8973f998d977863"
    end
    on_intel do
      url "http://127.0.0.1:8642/site/v1.3.0-rc.1/iterate-1.3.0-rc.1-linux-baseline-x64.tar.gz"
      sha256 "c2107c8b8795450534bf2bc8a7ac4e79532412c5409ebbf98812ab09900802b1"
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
      {"schema": 1, "name": "iterate", "method": "brew", "channel": "beta", "stream": "beta", "version": "1.3.0-rc.1", "packages": {"brew": {"latest": "acme/tap/iterate", "dev": "acme/tap/iterate-dev"}, "scoop": {"latest": "acme/iterate", "dev": "acme/iterate-dev"}, "aur": {"latest": "iterate-bin", "dev": "iterate-dev-bin"}, "deb": {"latest": "iterate", "dev": "iterate-dev"}, "winget": {"latest": "Acme.Iterate", "dev": "Acme.Iterate.Dev"}, "npm": {"latest": "iterate", "dev": "iterate"}}, "sites": ["http://127.0.0.1:8642/site/"]}
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
    log_path var/"log/iterate-beta.log"
    error_log_path var/"log/iterate-beta.log"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/iterate --version")
    assert_match version.to_s, shell_output("_RELEASE_STAMP=1 #{bin}/iterate")
    assert_match "iterate", shell_output("#{bin}/iterate completion bash")
  end
end
