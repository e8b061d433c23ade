package dev.holdfast.gateway.resume;

import java.util.function.BiFunction;

/** State machines that are broken on purpose, by name: the simulation must catch each of them. */
enum ResumeMutants implements BiFunction<Long, Long, ResumeStateMachine> {
  DROPS_WHAT_NOBODY_GOT {
    @Override
    public ResumeStateMachine apply(Long bufferBytes, Long ttlNanos) {
      return new ResumeStateMachine(bufferBytes, ttlNanos) {
        @Override
        void onMessage(byte[] message) {
          boolean drops = state() == ResumeState.AWAY && bytes() > bufferBytes / 2;
          super.onMessage(drops ? new byte[message.length] : message);
        }
      };
    }
  },
  DROPS_WHAT_WAS_NOT_ACKNOWLEDGED {
    @Override
    public ResumeStateMachine apply(Long bufferBytes, Long ttlNanos) {
      return new ResumeStateMachine(bufferBytes, ttlNanos) {
        @Override
        boolean mayDropFirst() {
          return bytes() > bufferBytes / 2 && firstKept() < sent();
        }
      };
    }
  },
  NEVER_DROPS {
    @Override
    public ResumeStateMachine apply(Long bufferBytes, Long ttlNanos) {
      return new ResumeStateMachine(bufferBytes, ttlNanos) {
        @Override
        boolean mayDropFirst() {
          return false;
        }
      };
    }
  },
  LATE_READERS_MISS_MESSAGES {
    @Override
    public ResumeStateMachine apply(Long bufferBytes, Long ttlNanos) {
      return new ResumeStateMachine(bufferBytes, ttlNanos) {
        @Override
        AttachResult onAttach(long after) {
          return super.onAttach(Math.max(after, Math.min(firstKept() - 1, last())));
        }
      };
    }
  },
  THE_SERVICE_NEVER_WAITS {
    @Override
    public ResumeStateMachine apply(Long bufferBytes, Long ttlNanos) {
      return new ResumeStateMachine(bufferBytes, ttlNanos) {
        @Override
        boolean isBelowBuffer() {
          return true;
        }
      };
    }
  },
  A_REPLACED_READER_DETACHES_THE_NEW_ONE {
    @Override
    public ResumeStateMachine apply(Long bufferBytes, Long ttlNanos) {
      return new ResumeStateMachine(bufferBytes, ttlNanos) {
        @Override
        boolean isAttached(long by) {
          return state() == ResumeState.READING;
        }
      };
    }
  },
  KEPT_FOR_EVER {
    @Override
    public ResumeStateMachine apply(Long bufferBytes, Long ttlNanos) {
      return new ResumeStateMachine(bufferBytes, ttlNanos) {
        @Override
        long deadlineFrom(long nowNanos) {
          return nowNanos + 2 * ttlNanos;
        }
      };
    }
  },
  THE_END_IS_FORGOTTEN {
    @Override
    public ResumeStateMachine apply(Long bufferBytes, Long ttlNanos) {
      return new ResumeStateMachine(bufferBytes, ttlNanos) {
        @Override
        boolean pollEnd(long nowNanos) {
          boolean ends = super.pollEnd(nowNanos);
          if (ends) {
            onEvicted();
          }
          return ends;
        }
      };
    }
  }
}
