# Rendered for each release; an edit here is lost. To install it, type the full name:
#   brew install acme/tap/iterate
class Iterate < Formula
  CHANNEL_URL = "http://127.0.0.1:8642/site/channels/latest.json".freeze

  desc "Coding agent for the terminal, behind a local server that starts on demand"
  homepage "https://github.com/acme/iterate"
  version "1.2.3"
  license "MIT"

  livecheck do
    url CHANNEL_URL
    strategy :json do |json|
      json["version"]
    end
  end

  on_macos do
    on_arm do
      url "http://127.0.0.1:8642/site/v1.2.3/iterate-1.2.3-darwin-arm64.tar.gz"
      sha256 "fa934604efb2165e4d4fc9db07a8fee62a00e45709c622da5b28a3961a1cd760"
    end
    on_intel do
      url "http://127.0.0.1:8642/site/v1.2.3/iterate-1.2.3-darwin-baseline-x64.tar.gz"
      sha256 "855e297dbdbffd3a56686049910b9b904d140071b782b0fdbbc9e6a11246e149"
    end
  end

  on_linux do
    on_arm do
      url "http://127.0.0.1:8642/site/v1.2.3/iterate-1.2.3-linux-arm64.tar.gz"
      sha256 "03c931fc54e3f318f409c44bfb783ec9d9e0b6bcdd38bee65b0cc0cb5abe50e5"
    end
    on_intel do
      url "http://127.0.0.1:8642/site/v1.2.3/iterate-1.2.3-linux-baseline-x64.tar.gz"
      sha256 "7762aa11c5d885d8fdfb5240565108cb819352088894c94786f43687d8b04222"
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
      {"schema": 1, "name": "acme/tap/iterate", "method": "brew", "channel": "latest", "stream": "latest", "version": "1.2.3", "packages": {"brew": {"latest": "acme/tap/iterate", "dev": "acme/tap/iterate-dev"}, "scoop": {"latest": "acme/iterate", "dev": "acme/iterate-dev"}, "aur": {"latest": "iterate-bin", "dev": "iterate-dev-bin"}, "deb": {"latest": "iterate", "dev": "iterate-dev"}, "winget": {"latest": "Acme.Iterate", "dev": "Acme.Iterate.Dev"}, "npm": {"latest": "iterate", "dev": "iterate"}}, "sites": ["http://127.0.0.1:8642/site/"]}
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
    log_path var/"log/iterate.log"
    error_log_path var/"log/iterate.log"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/iterate --version")
    assert_match version.to_s, shell_output("_RELEASE_STAMP=1 #{bin}/iterate")
    assert_match "iterate", shell_output("#{bin}/iterate completion bash")
  end
end
