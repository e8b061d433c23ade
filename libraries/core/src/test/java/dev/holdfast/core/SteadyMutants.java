package dev.holdfast.core;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Policies that are broken on purpose, by name: the simulation must catch each of them. */
enum SteadyMutants implements EndpointDirectory.PolicyFactory {
  EMPTY_TRUSTED_AT_ONCE {
    @Override
    public SteadyEndpoints create(SteadyOptions options, Backoff reads, boolean seedExpected) {
      return new SteadyEndpoints(options, reads, seedExpected) {
        @Override
        void onSnapshot(long nowNanos, RegistrySnapshot snapshot) {
          if (snapshot.endpoints().isEmpty() && endpoints().isPresent()) {
            super.onSnapshot(nowNanos, draining(endpoints().get(), snapshot.epoch()));
          }
          super.onSnapshot(nowNanos, snapshot);
        }
      };
    }
  },
  SHRINK_TRUSTED_AT_ONCE {
    @Override
    public SteadyEndpoints create(SteadyOptions options, Backoff reads, boolean seedExpected) {
      return new SteadyEndpoints(options, reads, seedExpected) {
        @Override
        void onSnapshot(long nowNanos, RegistrySnapshot snapshot) {
          if (!snapshot.endpoints().isEmpty() && endpoints().isPresent()) {
            super.onSnapshot(nowNanos, draining(endpoints().get(), snapshot.epoch()));
          }
          super.onSnapshot(nowNanos, snapshot);
        }
      };
    }
  },
  GRACE_SKIPPED {
    @Override
    public SteadyEndpoints create(SteadyOptions options, Backoff reads, boolean seedExpected) {
      return new SteadyEndpoints(
          new SteadyOptions(
              options.recordTtl(),
              Duration.ofMillis(1),
              options.confirmWithin(),
              options.reads(),
              options.resettle()),
          reads,
          seedExpected);
    }
  },
  MASS_EXPIRY_TAKEN_FOR_REMOVAL {
    @Override
    public SteadyEndpoints create(SteadyOptions options, Backoff reads, boolean seedExpected) {
      return new SteadyEndpoints(options.withoutResettling(), reads, seedExpected);
    }
  },
  FAILED_READ_TAKEN_AS_CONFIRMATION {
    @Override
    public SteadyEndpoints create(SteadyOptions options, Backoff reads, boolean seedExpected) {
      return new SteadyEndpoints(options, reads, seedExpected) {
        private @Nullable RegistrySnapshot last;

        @Override
        void onSnapshot(long nowNanos, RegistrySnapshot snapshot) {
          last = snapshot;
          super.onSnapshot(nowNanos, snapshot);
        }

        @Override
        void onReadFailed(long nowNanos, long id) {
          if (last != null) {
            super.onRead(nowNanos, id, last);
          }
        }
      };
    }
  },
  FAILED_READ_NEVER_REPEATED {
    @Override
    public SteadyEndpoints create(SteadyOptions options, Backoff reads, boolean seedExpected) {
      return new SteadyEndpoints(options, reads, seedExpected) {
        @Override
        void onTimeout(long nowNanos) {
          // Every timer is taken for that of a read.
        }
      };
    }
  },
  WIPE_TAKEN_FOR_REMOVAL {
    @Override
    public SteadyEndpoints create(SteadyOptions options, Backoff reads, boolean seedExpected) {
      return new SteadyEndpoints(options, reads, seedExpected) {
        @Override
        void onSnapshot(long nowNanos, RegistrySnapshot snapshot) {
          super.onSnapshot(nowNanos, new RegistrySnapshot(snapshot.endpoints(), 1));
        }

        @Override
        void onRead(long nowNanos, long id, RegistrySnapshot answer) {
          super.onRead(nowNanos, id, new RegistrySnapshot(answer.endpoints(), 1));
        }
      };
    }
  },
  AGE_RESET_ON_FAILURE {
    @Override
    public SteadyEndpoints create(SteadyOptions options, Backoff reads, boolean seedExpected) {
      return new SteadyEndpoints(options, reads, seedExpected) {
        private @Nullable Long failedNanos;

        @Override
        void onFailure(long nowNanos) {
          failedNanos = nowNanos;
          super.onFailure(nowNanos);
        }

        @Override
        long goodAtNanos() {
          return failedNanos == null ? super.goodAtNanos() : failedNanos;
        }
      };
    }
  },
  DRAINING_LATE {
    @Override
    public SteadyEndpoints create(SteadyOptions options, Backoff reads, boolean seedExpected) {
      return new SteadyEndpoints(options, reads, seedExpected) {
        @Override
        void onSnapshot(long nowNanos, RegistrySnapshot snapshot) {
          List<Endpoint> blind =
              snapshot.endpoints().endpoints().stream().map(e -> e.withDraining(false)).toList();
          super.onSnapshot(nowNanos, new RegistrySnapshot(EndpointSet.of(blind), snapshot.epoch()));
        }
      };
    }
  },
  UNCHANGED_LIST_GIVEN_AGAIN {
    @Override
    public SteadyEndpoints create(SteadyOptions options, Backoff reads, boolean seedExpected) {
      return new SteadyEndpoints(options, reads, seedExpected) {
        @Override
        Optional<EndpointSet> pollChange() {
          var unused = super.pollChange();
          return endpoints();
        }
      };
    }
  },
  LIST_DROPPED_ON_FAILURE {
    @Override
    public SteadyEndpoints create(SteadyOptions options, Backoff reads, boolean seedExpected) {
      return new SteadyEndpoints(options, reads, seedExpected) {
        private boolean failed;

        @Override
        void onFailure(long nowNanos) {
          super.onFailure(nowNanos);
          failed = endpoints().isPresent();
        }

        @Override
        Optional<EndpointSet> pollChange() {
          if (failed) {
            failed = false;
            return Optional.of(EndpointSet.EMPTY);
          }
          return super.pollChange();
        }
      };
    }
  };

  /** A list in which everybody says goodbye, so that the policy lets all of them go. */
  private static RegistrySnapshot draining(EndpointSet list, long epoch) {
    return new RegistrySnapshot(
        EndpointSet.of(list.endpoints().stream().map(e -> e.withDraining(true)).toList()), epoch);
  }
}
