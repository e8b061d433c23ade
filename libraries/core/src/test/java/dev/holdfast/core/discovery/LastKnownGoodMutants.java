package dev.holdfast.core.discovery;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.RegistrySnapshot;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Policies that are broken on purpose, by name: the simulation must catch each of them. */
enum LastKnownGoodMutants implements EndpointDirectory.PolicyFactory {
  EMPTY_TRUSTED_AT_ONCE {
    @Override
    public LastKnownGoodEndpoints create(
        LastKnownGoodOptions options, Backoff reads, boolean seedExpected) {
      return new LastKnownGoodEndpoints(options, reads, seedExpected) {
        @Override
        public void onSnapshot(long nowNanos, RegistrySnapshot snapshot) {
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
    public LastKnownGoodEndpoints create(
        LastKnownGoodOptions options, Backoff reads, boolean seedExpected) {
      return new LastKnownGoodEndpoints(options, reads, seedExpected) {
        @Override
        public void onSnapshot(long nowNanos, RegistrySnapshot snapshot) {
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
    public LastKnownGoodEndpoints create(
        LastKnownGoodOptions options, Backoff reads, boolean seedExpected) {
      return new LastKnownGoodEndpoints(
          new LastKnownGoodOptions(
              options.recordTtl(),
              Duration.ofMillis(1),
              options.confirmWithin(),
              options.reads(),
              options.reRegistrationWindow()),
          reads,
          seedExpected);
    }
  },
  MASS_EXPIRY_TAKEN_FOR_REMOVAL {
    @Override
    public LastKnownGoodEndpoints create(
        LastKnownGoodOptions options, Backoff reads, boolean seedExpected) {
      return new LastKnownGoodEndpoints(options.withoutReRegistrationWindow(), reads, seedExpected);
    }
  },
  FAILED_READ_TAKEN_AS_CONFIRMATION {
    @Override
    public LastKnownGoodEndpoints create(
        LastKnownGoodOptions options, Backoff reads, boolean seedExpected) {
      return new LastKnownGoodEndpoints(options, reads, seedExpected) {
        private @Nullable RegistrySnapshot last;

        @Override
        public void onSnapshot(long nowNanos, RegistrySnapshot snapshot) {
          last = snapshot;
          super.onSnapshot(nowNanos, snapshot);
        }

        @Override
        public void onReadFailed(long nowNanos, long id) {
          if (last != null) {
            super.onRead(nowNanos, id, last);
          }
        }
      };
    }
  },
  FAILED_READ_NEVER_REPEATED {
    @Override
    public LastKnownGoodEndpoints create(
        LastKnownGoodOptions options, Backoff reads, boolean seedExpected) {
      return new LastKnownGoodEndpoints(options, reads, seedExpected) {
        @Override
        public void onTimeout(long nowNanos) {
          // Every timer is taken for that of a read.
        }
      };
    }
  },
  WIPE_TAKEN_FOR_REMOVAL {
    @Override
    public LastKnownGoodEndpoints create(
        LastKnownGoodOptions options, Backoff reads, boolean seedExpected) {
      return new LastKnownGoodEndpoints(options, reads, seedExpected) {
        @Override
        public void onSnapshot(long nowNanos, RegistrySnapshot snapshot) {
          super.onSnapshot(nowNanos, new RegistrySnapshot(snapshot.endpoints(), 1));
        }

        @Override
        public void onRead(long nowNanos, long id, RegistrySnapshot answer) {
          super.onRead(nowNanos, id, new RegistrySnapshot(answer.endpoints(), 1));
        }
      };
    }
  },
  AGE_RESET_ON_FAILURE {
    @Override
    public LastKnownGoodEndpoints create(
        LastKnownGoodOptions options, Backoff reads, boolean seedExpected) {
      return new LastKnownGoodEndpoints(options, reads, seedExpected) {
        private @Nullable Long failedNanos;

        @Override
        public void onFailure(long nowNanos) {
          failedNanos = nowNanos;
          super.onFailure(nowNanos);
        }

        @Override
        public long goodAtNanos() {
          return failedNanos == null ? super.goodAtNanos() : failedNanos;
        }
      };
    }
  },
  DRAINING_LATE {
    @Override
    public LastKnownGoodEndpoints create(
        LastKnownGoodOptions options, Backoff reads, boolean seedExpected) {
      return new LastKnownGoodEndpoints(options, reads, seedExpected) {
        @Override
        public void onSnapshot(long nowNanos, RegistrySnapshot snapshot) {
          List<Endpoint> blind =
              snapshot.endpoints().endpoints().stream().map(e -> e.withDraining(false)).toList();
          super.onSnapshot(nowNanos, new RegistrySnapshot(EndpointSet.of(blind), snapshot.epoch()));
        }
      };
    }
  },
  UNCHANGED_LIST_GIVEN_AGAIN {
    @Override
    public LastKnownGoodEndpoints create(
        LastKnownGoodOptions options, Backoff reads, boolean seedExpected) {
      return new LastKnownGoodEndpoints(options, reads, seedExpected) {
        @Override
        public Optional<EndpointSet> pollChange() {
          var unused = super.pollChange();
          return endpoints();
        }
      };
    }
  },
  LIST_DROPPED_ON_FAILURE {
    @Override
    public LastKnownGoodEndpoints create(
        LastKnownGoodOptions options, Backoff reads, boolean seedExpected) {
      return new LastKnownGoodEndpoints(options, reads, seedExpected) {
        private boolean failed;

        @Override
        public void onFailure(long nowNanos) {
          super.onFailure(nowNanos);
          failed = endpoints().isPresent();
        }

        @Override
        public Optional<EndpointSet> pollChange() {
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
