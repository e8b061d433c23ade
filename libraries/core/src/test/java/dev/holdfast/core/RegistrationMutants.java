package dev.holdfast.core;

import dev.holdfast.core.RegistryException.Kind;
import java.util.Optional;
import java.util.OptionalLong;

/** Registrations that are broken on purpose, by name: the simulation must catch each of them. */
enum RegistrationMutants implements RegistrationSimulation.MachineFactory {
  TAKEOVER_FOUGHT {
    @Override
    public Registration create(Registration.Options options, Backoff backoff) {
      return new Registration(options, backoff) {
        @Override
        void onEnded(long nowNanos, long ofAttempt, RegistryException why) {
          boolean takenOver = why.kind() == Kind.TAKEN_OVER;
          super.onEnded(
              nowNanos,
              ofAttempt,
              takenOver ? new RegistryException(Kind.LEASE_LOST, "fights") : why);
        }
      };
    }
  },
  BACKOFF_RESET_ON_ATTEMPT {
    @Override
    public Registration create(Registration.Options options, Backoff backoff) {
      return new Registration(options, backoff) {
        @Override
        Optional<Command> poll() {
          Optional<Command> next = super.poll();
          next.filter(c -> c instanceof Command.Announce).ifPresent(c -> backoff.reset());
          return next;
        }
      };
    }
  },
  BACKOFF_RESET_ON_PUBLISHED {
    @Override
    public Registration create(Registration.Options options, Backoff backoff) {
      return new Registration(options, backoff) {
        @Override
        void onPublished(long nowNanos, long ofAttempt) {
          backoff.reset();
          super.onPublished(nowNanos, ofAttempt);
        }
      };
    }
  },
  WIPE_FORGOTTEN {
    @Override
    public Registration create(Registration.Options options, Backoff backoff) {
      return new Registration(options, backoff) {
        @Override
        void onEnded(long nowNanos, long ofAttempt, RegistryException why) {
          if (why.kind() != Kind.WIPED) {
            super.onEnded(nowNanos, ofAttempt, why);
          }
        }
      };
    }
  },
  STALE_ATTEMPT_BELIEVED {
    @Override
    public Registration create(Registration.Options options, Backoff backoff) {
      return new Registration(options, backoff) {
        private long current;

        @Override
        Optional<Command> poll() {
          Optional<Command> next = super.poll();
          if (next.isPresent() && next.get() instanceof Command.Announce announce) {
            current = announce.attempt();
          }
          return next;
        }

        @Override
        void onPublished(long nowNanos, long ofAttempt) {
          super.onPublished(nowNanos, current);
        }

        @Override
        void onEnded(long nowNanos, long ofAttempt, RegistryException why) {
          super.onEnded(nowNanos, current, why);
        }
      };
    }
  },
  WITHDRAWAL_NEVER_ENDS {
    @Override
    public Registration create(Registration.Options options, Backoff backoff) {
      return new Registration(options, backoff) {
        @Override
        void onWithdrawFailed(long nowNanos, long ofAttempt, RegistryException why) {}

        @Override
        void onTimeout(long nowNanos) {
          if (state() != State.WITHDRAWING) {
            super.onTimeout(nowNanos);
          }
        }
      };
    }
  },
  CONFLICT_FOR_EVER {
    @Override
    public Registration create(Registration.Options options, Backoff backoff) {
      return new Registration(options, backoff) {
        @Override
        void onLooked(long nowNanos, long id, EndpointSet found) {}
      };
    }
  },
  UPDATE_LOST_IN_OUTAGE {
    @Override
    public Registration create(Registration.Options options, Backoff backoff) {
      return new Registration(options, backoff) {
        @Override
        void onUpdate(long nowNanos, Endpoint endpoint) {
          if (state() == State.VISIBLE) {
            super.onUpdate(nowNanos, endpoint);
          }
        }
      };
    }
  },
  UPDATE_SAID_ONCE {
    @Override
    public Registration create(Registration.Options options, Backoff backoff) {
      return new Registration(options, backoff) {
        @Override
        void onTimeout(long nowNanos) {
          if (state() != State.VISIBLE) {
            super.onTimeout(nowNanos);
          }
        }

        @Override
        OptionalLong nextDeadlineNanos() {
          return state() == State.VISIBLE ? OptionalLong.empty() : super.nextDeadlineNanos();
        }
      };
    }
  },
  SILENT_ATTEMPT_AWAITED_FOR_EVER {
    @Override
    public Registration create(Registration.Options options, Backoff backoff) {
      return new Registration(options, backoff) {
        @Override
        void onTimeout(long nowNanos) {
          if (state() != State.ANNOUNCING) {
            super.onTimeout(nowNanos);
          }
        }

        @Override
        OptionalLong nextDeadlineNanos() {
          return state() == State.ANNOUNCING ? OptionalLong.empty() : super.nextDeadlineNanos();
        }
      };
    }
  }
}
