package dev.holdfast.liveness;

/** Monitors that are broken on purpose, by name: the simulation must catch each of them. */
enum LivenessMutants implements LivenessSimulationTest.MonitorFactory {
  COUNTS_A_MISS_TWICE {
    @Override
    ProbeSequence question(long nowNanos, long quietNanos, LivenessOptions options) {
      return new ProbeSequence(nowNanos, quietNanos, options) {
        @Override
        long windowEndNanos() {
          return super.windowEndNanos() - options.window().toNanos() / 2;
        }
      };
    }
  },
  SUSPECTS_WITHOUT_A_MISS {
    @Override
    ProbeSequence question(long nowNanos, long quietNanos, LivenessOptions options) {
      return new ProbeSequence(nowNanos, quietNanos, options) {
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
        long nowNanos, LivenessOptions options, ConnectionRole connectionRole, boolean hasKernel) {
      return new LivenessMonitor(nowNanos, options, connectionRole, hasKernel) {
        @Override
        void onTraffic(long now, long readNanos, long sentNanos, long frameNanos, int openCalls) {
          if (!isAwaitingAnswer()) {
            super.onTraffic(now, readNanos, sentNanos, frameNanos, openCalls);
          }
        }
      };
    }
  },
  IGNORES_ACKS {
    @Override
    ProbeSequence question(long nowNanos, long quietNanos, LivenessOptions options) {
      return new ProbeSequence(nowNanos, quietNanos, options) {
        @Override
        void onAck(long atNanos) {}
      };
    }
  },
  IGNORES_THE_KERNEL {
    @Override
    public LivenessMonitor create(
        long nowNanos, LivenessOptions options, ConnectionRole connectionRole, boolean hasKernel) {
      return new LivenessMonitor(nowNanos, options, connectionRole, hasKernel) {
        @Override
        void onTcpInfo(long now, TcpInfo kernel) {
          super.onTcpInfo(now, new TcpInfo(0, 0, 0, kernel.ackAgeNanos(), kernel.rttNanos()));
        }
      };
    }
  },
  TIMER_NOT_REARMED {
    @Override
    public LivenessMonitor create(
        long nowNanos, LivenessOptions options, ConnectionRole connectionRole, boolean hasKernel) {
      return new LivenessMonitor(nowNanos, options, connectionRole, hasKernel) {
        @Override
        long nextDeadlineNanos() {
          return state() == LivenessState.SUSPECT
              ? SimulatedTcpSender.NEVER
              : super.nextDeadlineNanos();
        }
      };
    }
  },
  IDLE_TIMER_NOT_REARMED {
    @Override
    public LivenessMonitor create(
        long nowNanos, LivenessOptions options, ConnectionRole connectionRole, boolean hasKernel) {
      return new LivenessMonitor(nowNanos, options, connectionRole, hasKernel) {
        private int timeouts;

        @Override
        void onTimeout(long now) {
          timeouts++;
          super.onTimeout(now);
        }

        @Override
        long nextDeadlineNanos() {
          return state() == LivenessState.LIVE && timeouts > 0
              ? SimulatedTcpSender.NEVER
              : super.nextDeadlineNanos();
        }
      };
    }
  },
  KILLS_WITH_THE_REPLACEMENT_UNCONNECTED {
    @Override
    ProbeSequence question(long nowNanos, long quietNanos, LivenessOptions options) {
      return new ProbeSequence(nowNanos, quietNanos, options) {
        @Override
        boolean isHeldForReplacement() {
          return false;
        }
      };
    }
  },
  NEVER_KILLS {
    @Override
    ProbeSequence question(long nowNanos, long quietNanos, LivenessOptions options) {
      return new ProbeSequence(nowNanos, quietNanos, options) {
        @Override
        long closeNanos() {
          return SimulatedTcpSender.NEVER;
        }
      };
    }
  },
  ACKS_ARE_PATIENCE_FOR_EVER {
    @Override
    ProbeSequence question(long nowNanos, long quietNanos, LivenessOptions options) {
      return new ProbeSequence(nowNanos, quietNanos, options) {
        @Override
        long closeNanos() {
          return windowEndNanos();
        }
      };
    }
  },
  PROBE_STORM {
    @Override
    ProbeSequence question(long nowNanos, long quietNanos, LivenessOptions options) {
      return new ProbeSequence(nowNanos, quietNanos, options) {
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
        long nowNanos, LivenessOptions options, ConnectionRole connectionRole, boolean hasKernel) {
      return new LivenessMonitor(nowNanos, options, connectionRole, hasKernel) {
        @Override
        boolean mayPing(long now) {
          return true;
        }
      };
    }
  },
  GAP_IS_SILENCE {
    @Override
    ProbeSequence question(long nowNanos, long quietNanos, LivenessOptions options) {
      return new ProbeSequence(nowNanos, quietNanos, options) {
        @Override
        void extendDeadlines(long now, long lateNanos) {}
      };
    }
  };

  /** The question of this mutant; the mutants of the monitor itself ask the right one. */
  ProbeSequence question(long nowNanos, long quietNanos, LivenessOptions options) {
    return new ProbeSequence(nowNanos, quietNanos, options);
  }

  @Override
  public LivenessMonitor create(
      long nowNanos, LivenessOptions options, ConnectionRole connectionRole, boolean hasKernel) {
    return new LivenessMonitor(nowNanos, options, connectionRole, hasKernel) {
      @Override
      ProbeSequence newQuestion(long now, long quietNanos) {
        return question(now, quietNanos, options);
      }
    };
  }
}
