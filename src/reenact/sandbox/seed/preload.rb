# Loaded before a Ruby program of a sandbox with a seed (RUBYOPT -r). The generators behind `rand`,
# `shuffle` and Random.new also take the time and an address as a seed; here only the kernel's bytes.
module Reenact
  module Seeded
    def self.again
      Random.srand(Random.new_seed)
    end

    module Forks
      def _fork
        pid = super
        Seeded.again if pid == 0
        pid
      end
    end

    module Seeds
      def new_seed
        high, low = Random.urandom(16).unpack("Q2")
        high << 64 | low
      end

      def new(*seed)
        seed.empty? ? super(new_seed) : super
      end
    end
  end
end

Random.singleton_class.prepend(Reenact::Seeded::Seeds)
Process.singleton_class.prepend(Reenact::Seeded::Forks)
Reenact::Seeded.again
