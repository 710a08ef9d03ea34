# Rendered for each release; an edit here is lost. To install it, type the full name:
#   brew install acme/tap/iterate-snapshot-feature-fast-start
class IterateSnapshotFeatureFastStart < Formula
  CHANNEL_URL = "http://127.0.0.1:8642/site/channels/snapshot-feature-fast-start.json".freeze

  desc "Coding agent for the terminal, behind a local server that starts on demand"
  homepage "https://github.com/acme/iterate"
  version "0.0.0-snapshot-feature-fast-start-20260102030405"
  license "MIT"

  livecheck do
    url CHANNEL_URL
    strategy :json do |json|
      json["version"]
    end
  end

  on_macos do
    on_arm do
      url "http://127.0.0.1:8642/site/v0.0.0-snapshot-feature-fast-start-20260102030405/iterate-0.0.0-snapshot-feature-fast-start-20260102030405-darwin-arm64.tar.gz"
      sha256 "f791d4c03410b960d57991fd10efb963bcbd7d65c59f8bf75451987598195f20"
    end
    on_intel do
      url "http://127.0.0.1:8642/site/v0.0.0-snapshot-feature-fast-start-20260102030405/iterate-0.0.0-snapshot-feature-fast-start-20260102030405-darwin-baseline-x64.tar.gz"
      sha256 "291cc07fdbf94569d0fd6abe21423727c45683646ab2a6ca52301f9fe24d6669"
    end
  end

  on_linux do
    on_arm do
      url "http://127.0.0.1:8642/site/v0.0.0-snapshot-feature-fast-start-20260102030405/iterate-0.0.0-snapshot-feature-fast-start-20260102030405-linux-arm64.tar.gz"
      sha256 "5417207e5841e4c92dd60d9eca59c63796d757188abe907c32354023786a3709"
    end
    on_intel do
      url "http://127.0.0.1:8642/site/v0.0.0-snapshot-feature-fast-start-20260102030405/iterate-0.0.0-snapshot-feature-fast-start-20260102030405-linux-baseline-x64.tar.gz"
      sha256 "7e0814db815eacc4de52f4f4fda74feeb616d495b8c826fcd8b58a5898685264"
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
      {"schema": 1, "name": "acme/tap/iterate-snapshot-feature-fast-start", "method": "brew", "channel": "snapshot", "stream": "snapshot-feature-fast-start", "version": "0.0.0-snapshot-feature-fast-start-20260102030405", "packages": {"brew": {"latest": "acme/tap/iterate", "dev": "acme/tap/iterate-dev", "snapshot-feature-fast-start": "acme/tap/iterate-snapshot-feature-fast-start"}, "scoop": {"latest": "acme/iterate", "dev": "acme/iterate-dev", "snapshot-feature-fast-start": "acme/iterate-snapshot-feature-fast-start"}, "aur": {"latest": "iterate-bin", "dev": "iterate-dev-bin", "snapshot-feature-fast-start": "iterate-snapshot-feature-fast-start-bin"}, "deb": {"latest": "iterate", "dev": "iterate-dev", "snapshot-feature-fast-start": "iterate-snapshot-feature-fast-start"}, "winget": {"latest": "Acme.Iterate", "dev": "Acme.Iterate.Dev", "snapshot-feature-fast-start": "Acme.Iterate.Snapshot.feature-fast-start"}, "npm": {"latest": "iterate", "dev": "iterate", "snapshot-feature-fast-start": "iterate"}}, "sites": ["http://127.0.0.1:8642/site/"]}
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
    log_path var/"log/iterate-snapshot-feature-fast-start.log"
    error_log_path var/"log/iterate-snapshot-feature-fast-start.log"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/iterate --version")
    assert_match version.to_s, shell_output("_RELEASE_STAMP=1 #{bin}/iterate")
    assert_match "iterate", shell_output("#{bin}/iterate completion bash")
  end
end
