# Rules of `brew style` that the plain rubocop does not know, as cops of our own. Loaded by rubocop.yml.
module RuboCop
  module Cop
    module Formula
      # brew takes the first literal url of a formula for the stable one, and livecheck stands before it.
      class LivecheckUrl < Base
        MSG = "brew style takes this literal address for the stable url; use a constant".freeze

        def on_block(node)
          return unless node.method?(:livecheck)

          node.each_descendant(:send) do |call|
            add_offense(call) if call.method?(:url) && call.first_argument&.str_type?
          end
        end
      end

      # Inside install, service and test brew wants `if OS.mac?` and the like.
      class SystemBlock < Base
        MSG = "ask OS or Hardware::CPU here instead of on_* blocks".freeze
        PLACES = [:install, :service, :test].freeze

        def on_def(node) = check(node)
        def on_block(node) = check(node)

        private

        def check(node)
          return unless PLACES.include?(node.method_name)

          node.each_descendant(:send) { |call| add_offense(call) if call.method_name.start_with?("on_") }
        end
      end

      # The homepage is a web page, and every formula has a test.
      class Complete < Base
        MSG = "every formula has desc, a homepage of http or https, license, and a test block".freeze

        def on_class(node)
          calls = node.body.each_child_node(:send, :block).to_h { |call| [call.method_name, call] }
          homepage = calls[:homepage]&.first_argument
          add_offense(node.identifier) unless [:desc, :license, :test].all? { |name| calls.key?(name) } &&
                                              homepage&.value.to_s.match?(%r{\Ahttps?://})
        end
      end
    end
  end
end
