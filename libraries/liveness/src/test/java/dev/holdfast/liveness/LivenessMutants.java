package dev.holdfast.liveness;

/** Monitors that are broken on purpose, by name: the simulation must catch each of them. */
enum LivenessMutants implements LivenessSimulationTest.MonitorFactory {
  COUNTS_A_MISS_TWICE {
    @Override
    Question question(long nowNanos, long quietNanos, LivenessOptions options) {
      return new Question(nowNanos, quietNanos, options) {
        @Override
        long patienceEndNanos() {
          return super.patienceEndNanos() - options.window().toNanos() / 2;
        }
      };
    }
  },
  SUSPECTS_WITHOUT_A_MISS {
    @Override
    Question question(long nowNanos, long quietNanos, LivenessOptions options) {
      return new Question(nowNanos, quietNanos, options) {
        @Override
        long nextProbingNanos(boolean readsKernel) {
          return nowNanos + 1;
        }

        @Override
        boolean isLimitOver(long now) {
          return true;
        }
      };
    }
  },
  IGNORES_BYTES {
    @Override
    public LivenessMonitor create(
        long nowNanos, LivenessOptions options, Role role, boolean hasKernel) {
      return new LivenessMonitor(nowNanos, options, role, hasKernel) {
        @Override
        void onTraffic(long now, long readNanos, long sentNanos, long frameNanos, int openCalls) {
          if (!isAsking()) {
            super.onTraffic(now, readNanos, sentNanos, frameNanos, openCalls);
          }
        }
      };
    }
  },
  IGNORES_ACKS {
    @Override
    Question question(long nowNanos, long quietNanos, LivenessOptions options) {
      return new Question(nowNanos, quietNanos, options) {
        @Override
        void onAck(long atNanos) {}
      };
    }
  },
  IGNORES_THE_KERNEL {
    @Override
    public LivenessMonitor create(
        long nowNanos, LivenessOptions options, Role role, boolean hasKernel) {
      return new LivenessMonitor(nowNanos, options, role, hasKernel) {
        @Override
        void onKernel(long now, KernelEvidence kernel) {
          super.onKernel(now, new KernelEvidence(0, 0, 0, kernel.ackAgeNanos(), kernel.rttNanos()));
        }
      };
    }
  },
  TIMER_NOT_REARMED {
    @Override
    public LivenessMonitor create(
        long nowNanos, LivenessOptions options, Role role, boolean hasKernel) {
      return new LivenessMonitor(nowNanos, options, role, hasKernel) {
        @Override
        long nextDeadlineNanos() {
          return state() == LivenessState.SUSPECT ? RehearsedWire.NEVER : super.nextDeadlineNanos();
        }
      };
    }
  },
  IDLE_TIMER_NOT_REARMED {
    @Override
    public LivenessMonitor create(
        long nowNanos, LivenessOptions options, Role role, boolean hasKernel) {
      return new LivenessMonitor(nowNanos, options, role, hasKernel) {
        private int timeouts;

        @Override
        void onTimeout(long now) {
          timeouts++;
          super.onTimeout(now);
        }

        @Override
        long nextDeadlineNanos() {
          return state() == LivenessState.LIVE && timeouts > 0
              ? RehearsedWire.NEVER
              : super.nextDeadlineNanos();
        }
      };
    }
  },
  KILLS_WITH_THE_TWIN_UNCONNECTED {
    @Override
    Question question(long nowNanos, long quietNanos, LivenessOptions options) {
      return new Question(nowNanos, quietNanos, options) {
        @Override
        boolean isHeldForTwin() {
          return false;
        }
      };
    }
  },
  NEVER_KILLS {
    @Override
    Question question(long nowNanos, long quietNanos, LivenessOptions options) {
      return new Question(nowNanos, quietNanos, options) {
        @Override
        long verdictNanos() {
          return RehearsedWire.NEVER;
        }
      };
    }
  },
  ACKS_ARE_PATIENCE_FOR_EVER {
    @Override
    Question question(long nowNanos, long quietNanos, LivenessOptions options) {
      return new Question(nowNanos, quietNanos, options) {
        @Override
        long verdictNanos() {
          return patienceEndNanos();
        }
      };
    }
  },
  PROBE_STORM {
    @Override
    Question question(long nowNanos, long quietNanos, LivenessOptions options) {
      return new Question(nowNanos, quietNanos, options) {
        @Override
        boolean isProbeDue(long now) {
          return true;
        }
      };
    }
  },
  STRIKE_ON_THE_PEER {
    @Override
    public LivenessMonitor create(
        long nowNanos, LivenessOptions options, Role role, boolean hasKernel) {
      return new LivenessMonitor(nowNanos, options, role, hasKernel) {
        @Override
        boolean mayPing(long now) {
          return true;
        }
      };
    }
  },
  GAP_IS_SILENCE {
    @Override
    Question question(long nowNanos, long quietNanos, LivenessOptions options) {
      return new Question(nowNanos, quietNanos, options) {
        @Override
        void forgive(long now, long lateNanos) {}
      };
    }
  };

  /** The question of this mutant; the mutants of the monitor itself ask the right one. */
  Question question(long nowNanos, long quietNanos, LivenessOptions options) {
    return new Question(nowNanos, quietNanos, options);
  }

  @Override
  public LivenessMonitor create(
      long nowNanos, LivenessOptions options, Role role, boolean hasKernel) {
    return new LivenessMonitor(nowNanos, options, role, hasKernel) {
      @Override
      Question newQuestion(long now, long quietNanos) {
        return question(now, quietNanos, options);
      }
    };
  }
}
