# A stand-in for Homebrew's formula DSL: evaluates a formula as one platform would and prints JSON.
#
#   ruby formula_loader.rb describe FORMULA macos|linux arm|intel [CHANNEL_JSON]
#   ruby formula_loader.rb install  FORMULA macos|linux arm|intel UNPACKED PREFIX
#   ruby formula_loader.rb test     FORMULA macos|linux arm|intel PREFIX
#
# It knows the words that our formulae use and no others: an unknown word raises, as it would in brew.
# The order of words is the one of Homebrew's ComponentsOrder cop.
require "fileutils"
require "json"
require "pathname"

ORDER = [:desc, :homepage, :url, :version, :sha256, :license, :revision, :livecheck, :depends_on, :on_macos,
         :on_linux, :on_arm, :on_intel, :preserve_rpath, :install, :caveats, :service, :test].freeze

# What formulae ask about the system they are on.
module OS
  def self.mac? = PLATFORM.include?("macos")
end

class Pathname
  # Moves files or folders into this one; a hash renames.
  def install(*sources)
    mkpath
    sources.flat_map { |source| source.is_a?(Hash) ? source.to_a : [[source, nil]] }.each do |source, name|
      source = Pathname.new(source)
      raise Errno::ENOENT, source.to_s unless source.exist?

      FileUtils.mv source, self/(name || source.basename)
    end
  end

  def install_symlink(*sources)
    mkpath
    sources.flat_map { |source| source.is_a?(Hash) ? source.to_a : [[source, nil]] }.each do |source, name|
      (self/(name || source.basename)).make_symlink(source.relative_path_from(self))
    end
  end

  alias write_over write

  def write(content)
    raise "Will not overwrite #{self}" if exist?

    write_over content
  end
end

# What blocks of a formula see: a block may use these words only.
class Livecheck
  attr_reader :found

  def initialize(&block)
    @found = {}
    instance_eval(&block)
  end

  def url(text) = @found[:url] = text

  def strategy(name, &block)
    @found[:strategy] = name
    @block = block
  end

  def version(document) = @block.call(document)
end

class Service
  attr_reader :found

  def initialize(&block)
    @found = {}
    instance_eval(&block)
  end

  def opt_bin = Pathname.new("/opt/bin")
  def var = Pathname.new("/var")
  def std_service_path_env = "/opt/bin:/usr/bin"
  def run(words) = @found[:run] = words.map(&:to_s)
  def keep_alive(value) = @found[:keep_alive] = value
  def environment_variables(variables) = @found[:environment_variables] = variables
  def log_path(path) = @found[:log_path] = path.to_s
  def error_log_path(path) = @found[:error_log_path] = path.to_s
end

class Formula
  class << self
    attr_accessor :found, :words, :livecheck_block, :test_block, :depth

    def inherited(formula)
      super
      formula.found = {}
      formula.words = []
      formula.depth = 0
    end

    [:desc, :homepage, :version, :sha256].each do |word|
      define_method(word) { |text| keep(word, text) }
    end

    def url(text)
      raise "url directly inside one on_* block" if depth == 1

      keep(:url, text)
    end

    def revision(number) = keep(:revision, number)
    def license(id = nil, **choice) = keep(:license, id || choice)

    [[:on_macos, "macos"], [:on_linux, "linux"], [:on_arm, "arm"], [:on_intel, "intel"]].each do |word, name|
      define_method(word) do |&block|
        words << word if depth.zero?
        next unless PLATFORM.include?(name)

        self.depth += 1
        block.call
        self.depth -= 1
      end
    end

    def livecheck(&block)
      words << :livecheck
      self.livecheck_block = Livecheck.new(&block)
    end

    def preserve_rpath = keep(:preserve_rpath, true)
    def service(&block) = keep(:service, Service.new(&block).found)

    def test(&block)
      words << :test
      self.test_block = block
    end

    def method_added(name)
      super
      words&.push(name) if [:install, :caveats].include?(name)
    end

    private

    def keep(word, value)
      words << word if depth.zero?
      raise "#{word} is given twice" if found.key?(word)

      found[word] = value
    end
  end

  attr_reader :prefix

  def initialize(prefix) = @prefix = Pathname.new(prefix)
  def on_linux = PLATFORM.include?("linux") ? yield : nil
  def caveats = nil
  def version = self.class.found.fetch(:version)
  def bin = prefix/"bin"
  def libexec = prefix/"libexec"
  def pkgshare = prefix/"share/formula"
  def bash_completion = prefix/"etc/bash_completion.d"
  def zsh_completion = prefix/"share/zsh/site-functions"
  def fish_completion = prefix/"share/fish/vendor_completions.d"
  def man = prefix/"share/man"

  def shell_output(command)
    output = `#{command}`
    raise "#{command}: #{$?}" unless $?.success?

    output
  end

  def assert_match(expected, actual)
    raise "no #{expected.inspect} in #{actual.inspect}" unless actual.include?(expected)
  end

  def run_test = instance_eval(&self.class.test_block)
end

# Homebrew's Formulary.class_s.
def class_name(file)
  name = File.basename(file, ".rb").capitalize
  name = name.gsub(/[-_.\s]([a-zA-Z0-9])/) { Regexp.last_match(1).upcase }
  name.tr("+", "x").sub(/(.)@(\d)/, "\\1AT\\2")
end

def out_of_order(words)
  places = words.map { |word| ORDER.index(word) }
  words.each_cons(2).zip(places.each_cons(2)).select { |_, (left, right)| left > right }.map(&:first)
end

verb, file, system, processor, *rest = ARGV
PLATFORM = [system, processor].freeze
load file
formula = Object.const_get(class_name(file))
case verb
when "describe"
  document = rest.empty? ? nil : JSON.parse(File.read(rest.first))
  found = formula.found.merge(
    livecheck:    formula.livecheck_block.found.merge(version: document && formula.livecheck_block.version(document)),
    caveats:      formula.new(".").caveats,
    out_of_order: out_of_order(formula.words),
  )
  puts JSON.generate(found)
when "install"
  unpacked, prefix = rest
  Dir.chdir(unpacked) { formula.new(prefix).install }
when "test"
  formula.new(rest.first).run_test
end
