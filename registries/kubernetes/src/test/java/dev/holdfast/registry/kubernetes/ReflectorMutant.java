package dev.holdfast.registry.kubernetes;

import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** Reflectors with one mistake each, all of which others have made. */
enum ReflectorMutant {
  /** Lists version 0, as most clients do: any cache may answer, however old. */
  ASKS_FOR_VERSION_ZERO {
    @Override
    Reflector reflector(ReflectorOptions options, SliceStore store, Random random) {
      return new Reflector(options, store, random) {
        @Override
        String leastVersion() {
          return "0";
        }
      };
    }
  },
  /** Takes the answers of requests that were given up. */
  BELIEVES_ZOMBIES {
    @Override
    Reflector reflector(ReflectorOptions options, SliceStore store, Random random) {
      return new Reflector(options, store, random) {
        @Override
        boolean isCurrent(long ofTicket) {
          return true;
        }
      };
    }
  },
  /** Believes that a watch that is open is alive. */
  NEVER_DOUBTS_A_WATCH {
    @Override
    Reflector reflector(ReflectorOptions options, SliceStore store, Random random) {
      return new Reflector(options, store, random) {
        @Override
        long deadAtNanos(long silentNanos, long endsNanos) {
          return endsNanos + Duration.ofDays(1).toNanos();
        }
      };
    }
  },
  /** Goes on from a version that a restored server has not reached. */
  OVERLOOKS_A_RESTORE {
    @Override
    Reflector reflector(ReflectorOptions options, SliceStore store, Random random) {
      return new Reflector(options, store, random) {
        @Override
        boolean wasOfUse() {
          return true;
        }
      };
    }
  },
  /** Comes again at once, whatever was said. */
  HAS_NO_PATIENCE {
    @Override
    Reflector reflector(ReflectorOptions options, SliceStore store, Random random) {
      return new Reflector(options, store, random) {
        @Override
        Duration pauseAfter(ApiFailure failure) {
          return Duration.ofMillis(1);
        }
      };
    }
  },
  /** Adds a list to what it has, as if nothing were ever removed meanwhile. */
  MERGES_LISTS {
    @Override
    SliceStore store() {
      return new SliceStore() {
        private final Map<String, Slice> all = new TreeMap<>();

        @Override
        void replaceAll(Map<String, Slice> list, String ofVersion) {
          all.putAll(list);
          super.replaceAll(all, ofVersion);
        }
      };
    }
  },
  /** Keeps slices that were deleted. */
  FORGETS_REMOVALS {
    @Override
    SliceStore store() {
      return new SliceStore() {
        @Override
        void apply(SliceEvent event) {
          super.apply(
              event instanceof SliceEvent.DeletedEvent deletedEvent
                  ? new SliceEvent.BookmarkEvent(deletedEvent.version())
                  : event);
        }
      };
    }
  };

  SliceStore store() {
    return new SliceStore();
  }

  Reflector reflector(ReflectorOptions options, SliceStore store, Random random) {
    return new Reflector(options, store, random);
  }

  SliceInformer.ReflectorWithStore make(ReflectorOptions options, Random random) {
    SliceStore store = store();
    return new SliceInformer.ReflectorWithStore(store, reflector(options, store, random));
  }
}
