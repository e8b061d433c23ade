package dev.holdfast.core.registration;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import java.util.Optional;
import java.util.OptionalLong;

/** Registrations that are broken on purpose, by name: the simulation must catch each of them. */
enum RegistrationMutants implements RegistrationSimulation.MachineFactory {
  TAKEOVER_FOUGHT {
    @Override
    public RegistrationStateMachine create(
        RegistrationStateMachine.RegistrationOptions registrationOptions, Backoff backoff) {
      return new RegistrationStateMachine(registrationOptions, backoff) {
        @Override
        public void onEnded(long nowNanos, long ofAttempt, RegistryException why) {
          boolean takenOver = why.kind() == RegistryErrorKind.TAKEN_OVER;
          super.onEnded(
              nowNanos,
              ofAttempt,
              takenOver ? new RegistryException(RegistryErrorKind.LEASE_LOST, "fights") : why);
        }
      };
    }
  },
  BACKOFF_RESET_ON_ATTEMPT {
    @Override
    public RegistrationStateMachine create(
        RegistrationStateMachine.RegistrationOptions registrationOptions, Backoff backoff) {
      return new RegistrationStateMachine(registrationOptions, backoff) {
        @Override
        public Optional<RegistrationCommand> poll() {
          Optional<RegistrationCommand> next = super.poll();
          next.filter(c -> c instanceof RegistrationCommand.Announce)
              .ifPresent(c -> backoff.reset());
          return next;
        }
      };
    }
  },
  BACKOFF_RESET_ON_PUBLISHED {
    @Override
    public RegistrationStateMachine create(
        RegistrationStateMachine.RegistrationOptions registrationOptions, Backoff backoff) {
      return new RegistrationStateMachine(registrationOptions, backoff) {
        @Override
        public void onPublished(long nowNanos, long ofAttempt) {
          backoff.reset();
          super.onPublished(nowNanos, ofAttempt);
        }
      };
    }
  },
  WIPE_FORGOTTEN {
    @Override
    public RegistrationStateMachine create(
        RegistrationStateMachine.RegistrationOptions registrationOptions, Backoff backoff) {
      return new RegistrationStateMachine(registrationOptions, backoff) {
        @Override
        public void onEnded(long nowNanos, long ofAttempt, RegistryException why) {
          if (why.kind() != RegistryErrorKind.WIPED) {
            super.onEnded(nowNanos, ofAttempt, why);
          }
        }
      };
    }
  },
  STALE_ATTEMPT_BELIEVED {
    @Override
    public RegistrationStateMachine create(
        RegistrationStateMachine.RegistrationOptions registrationOptions, Backoff backoff) {
      return new RegistrationStateMachine(registrationOptions, backoff) {
        private long current;

        @Override
        public Optional<RegistrationCommand> poll() {
          Optional<RegistrationCommand> next = super.poll();
          if (next.isPresent() && next.get() instanceof RegistrationCommand.Announce announce) {
            current = announce.attempt();
          }
          return next;
        }

        @Override
        public void onPublished(long nowNanos, long ofAttempt) {
          super.onPublished(nowNanos, current);
        }

        @Override
        public void onEnded(long nowNanos, long ofAttempt, RegistryException why) {
          super.onEnded(nowNanos, current, why);
        }
      };
    }
  },
  WITHDRAWAL_NEVER_ENDS {
    @Override
    public RegistrationStateMachine create(
        RegistrationStateMachine.RegistrationOptions registrationOptions, Backoff backoff) {
      return new RegistrationStateMachine(registrationOptions, backoff) {
        @Override
        protected void onWithdrawFailed(long nowNanos, long ofAttempt, RegistryException why) {}

        @Override
        public void onTimeout(long nowNanos) {
          if (state() != RegistrationState.WITHDRAWING) {
            super.onTimeout(nowNanos);
          }
        }
      };
    }
  },
  CONFLICT_FOR_EVER {
    @Override
    public RegistrationStateMachine create(
        RegistrationStateMachine.RegistrationOptions registrationOptions, Backoff backoff) {
      return new RegistrationStateMachine(registrationOptions, backoff) {
        @Override
        protected void onConflictChecked(long nowNanos, long id, EndpointSet found) {}
      };
    }
  },
  UPDATE_LOST_IN_OUTAGE {
    @Override
    public RegistrationStateMachine create(
        RegistrationStateMachine.RegistrationOptions registrationOptions, Backoff backoff) {
      return new RegistrationStateMachine(registrationOptions, backoff) {
        @Override
        public void onUpdate(long nowNanos, Endpoint endpoint) {
          if (state() == RegistrationState.VISIBLE) {
            super.onUpdate(nowNanos, endpoint);
          }
        }
      };
    }
  },
  UPDATE_SAID_ONCE {
    @Override
    public RegistrationStateMachine create(
        RegistrationStateMachine.RegistrationOptions registrationOptions, Backoff backoff) {
      return new RegistrationStateMachine(registrationOptions, backoff) {
        @Override
        public void onTimeout(long nowNanos) {
          if (state() != RegistrationState.VISIBLE) {
            super.onTimeout(nowNanos);
          }
        }

        @Override
        public OptionalLong nextDeadlineNanos() {
          return state() == RegistrationState.VISIBLE
              ? OptionalLong.empty()
              : super.nextDeadlineNanos();
        }
      };
    }
  },
  SILENT_ATTEMPT_AWAITED_FOR_EVER {
    @Override
    public RegistrationStateMachine create(
        RegistrationStateMachine.RegistrationOptions registrationOptions, Backoff backoff) {
      return new RegistrationStateMachine(registrationOptions, backoff) {
        @Override
        public void onTimeout(long nowNanos) {
          if (state() != RegistrationState.ANNOUNCING) {
            super.onTimeout(nowNanos);
          }
        }

        @Override
        public OptionalLong nextDeadlineNanos() {
          return state() == RegistrationState.ANNOUNCING
              ? OptionalLong.empty()
              : super.nextDeadlineNanos();
        }
      };
    }
  }
}
