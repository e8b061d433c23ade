package dev.holdfast.gateway.call;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;

/** Machines that are broken on purpose, by name: the simulation must catch each of them. */
enum CallMutants implements CallSimulation.MachineFactory {
  ATTEMPTS_UNBOUNDED {
    @Override
    public CallStateMachine<SimulatedAnswer, Integer> create(
        CallEffects<SimulatedAnswer, Integer> effects, boolean grpc) {
      return new CallStateMachine<>(effects, grpc) {
        @Override
        boolean isAttemptLeft() {
          return true;
        }
      };
    }
  },
  PROCESSED_ATTEMPT_REPEATED {
    @Override
    public CallStateMachine<SimulatedAnswer, Integer> create(
        CallEffects<SimulatedAnswer, Integer> effects, boolean grpc) {
      return new CallStateMachine<>(effects, grpc) {
        @Override
        boolean isRepeatable(AttemptFailure failure) {
          return true;
        }
      };
    }
  },
  REFUSED_THOUGH_PROCESSED {
    @Override
    public CallStateMachine<SimulatedAnswer, Integer> create(
        CallEffects<SimulatedAnswer, Integer> effects, boolean grpc) {
      return new CallStateMachine<>(effects, grpc) {
        @Override
        boolean mayTellRefused() {
          return true;
        }
      };
    }
  },
  BACKOFF_BEYOND_DEADLINE {
    @Override
    public CallStateMachine<SimulatedAnswer, Integer> create(
        CallEffects<SimulatedAnswer, Integer> effects, boolean grpc) {
      return new CallStateMachine<>(effects, grpc) {
        @Override
        long leftNanos(long spentNanos) {
          return Long.MAX_VALUE;
        }
      };
    }
  },
  RETRY_AFTER_RESPONSE {
    @Override
    public CallStateMachine<SimulatedAnswer, Integer> create(
        CallEffects<SimulatedAnswer, Integer> effects, boolean grpc) {
      return new CallStateMachine<>(effects, grpc) {
        @Override
        boolean hasBegun() {
          return false;
        }
      };
    }
  },
  CLIENT_GONE_MISSED {
    @Override
    public CallStateMachine<SimulatedAnswer, Integer> create(
        CallEffects<SimulatedAnswer, Integer> effects, boolean grpc) {
      return new CallStateMachine<>(effects, grpc) {
        @Override
        void onClientGone() {}
      };
    }
  },
  BACKOFF_FORGOTTEN {
    @Override
    public CallStateMachine<SimulatedAnswer, Integer> create(
        CallEffects<SimulatedAnswer, Integer> effects, boolean grpc) {
      return without("startBackoff", effects, grpc);
    }
  },
  DEADLINE_FORGOTTEN {
    @Override
    public CallStateMachine<SimulatedAnswer, Integer> create(
        CallEffects<SimulatedAnswer, Integer> effects, boolean grpc) {
      return without("startDeadline", effects, grpc);
    }
  },
  CONNECTION_WAIT_FORGOTTEN {
    @Override
    public CallStateMachine<SimulatedAnswer, Integer> create(
        CallEffects<SimulatedAnswer, Integer> effects, boolean grpc) {
      return without("startConnectionWait", effects, grpc);
    }
  },
  CONNECTION_WAIT_OUTLIVES_SEARCH {
    @Override
    public CallStateMachine<SimulatedAnswer, Integer> create(
        CallEffects<SimulatedAnswer, Integer> effects, boolean grpc) {
      return without("stopConnectionWait", effects, grpc);
    }
  },
  TIMERS_OUTLIVE_CALL {
    @Override
    public CallStateMachine<SimulatedAnswer, Integer> create(
        CallEffects<SimulatedAnswer, Integer> effects, boolean grpc) {
      return without("stopTimers", effects, grpc);
    }
  },
  REQUEST_NOT_FREED {
    @Override
    public CallStateMachine<SimulatedAnswer, Integer> create(
        CallEffects<SimulatedAnswer, Integer> effects, boolean grpc) {
      return without("freeRequest", effects, grpc);
    }
  },
  ATTEMPT_NOT_ENDED {
    @Override
    public CallStateMachine<SimulatedAnswer, Integer> create(
        CallEffects<SimulatedAnswer, Integer> effects, boolean grpc) {
      return without("endAttempt", effects, grpc);
    }
  },
  FAILURE_NOT_ACCOUNTED {
    @Override
    public CallStateMachine<SimulatedAnswer, Integer> create(
        CallEffects<SimulatedAnswer, Integer> effects, boolean grpc) {
      return without("endFailedAttempt", effects, grpc);
    }
  },
  PART_OF_REQUEST_SENT_AGAIN {
    @Override
    public CallStateMachine<SimulatedAnswer, Integer> create(
        CallEffects<SimulatedAnswer, Integer> effects, boolean grpc) {
      return always("isRequestKept", effects, grpc);
    }
  },
  BUDGET_IGNORED {
    @Override
    public CallStateMachine<SimulatedAnswer, Integer> create(
        CallEffects<SimulatedAnswer, Integer> effects, boolean grpc) {
      return always("takeRetry", effects, grpc);
    }
  };

  /** A machine one of whose effects has no effect. */
  private static CallStateMachine<SimulatedAnswer, Integer> without(
      String effect, CallEffects<SimulatedAnswer, Integer> effects, boolean grpc) {
    return new CallStateMachine<>(replaced(effect, null, effects), grpc);
  }

  /** A machine that takes the answer to a question for yes. */
  private static CallStateMachine<SimulatedAnswer, Integer> always(
      String question, CallEffects<SimulatedAnswer, Integer> effects, boolean grpc) {
    return new CallStateMachine<>(replaced(question, true, effects), grpc);
  }

  @SuppressWarnings({"unchecked", "NullAway"})
  private static CallEffects<SimulatedAnswer, Integer> replaced(
      String effect, @Nullable Boolean result, CallEffects<SimulatedAnswer, Integer> effects) {
    return (CallEffects<SimulatedAnswer, Integer>)
        Proxy.newProxyInstance(
            CallEffects.class.getClassLoader(),
            new Class<?>[] {CallEffects.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals(effect)) {
                return result;
              }
              try {
                return method.invoke(effects, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
