package dev.holdfast.simulation.streams;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SequencedMessage;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionRecord;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.session.AckPolicy;
import dev.holdfast.streams.session.CallClosure;
import dev.holdfast.streams.session.Fence;
import dev.holdfast.streams.session.ReceiveBuffer;
import dev.holdfast.streams.session.SendBuffer;
import dev.holdfast.streams.session.SessionCursor;
import dev.holdfast.streams.session.SessionRules;
import dev.holdfast.streams.session.SessionStoreModel;
import dev.holdfast.streams.session.StreamAttachment;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.SessionHandover;
import dev.holdfast.streams.wire.Welcome;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Session rules with a deliberate bug, by the name of the bug. The simulation must detect each. */
public enum SessionMutant {
  /** A delivered message counts as processed. */
  WATERMARK_BEFORE_EFFECT(
      new Broken() {
        @Override
        protected ReceiveBuffer inbox(SessionOptions options) {
          return new StandardInbox(options) {
            @Override
            public long watermark() {
              return delivered();
            }

            @Override
            public long toCommit() {
              return delivered();
            }
          };
        }
      }),
  /** Numbers begin at 1 again on each attachment. */
  COUNTERS_RESET_ON_RESUME(
      new Broken() {
        @Override
        protected SendBuffer outbox(SessionOptions options) {
          return new StandardOutbox(options) {
            private @Nullable StreamAttachment last;
            private long base;

            @Override
            public long numberOf(SequencedMessage sequencedMessage, StreamAttachment attachment) {
              if (attachment != last) {
                last = attachment;
                base = sequencedMessage.seq() - 1;
              }
              return sequencedMessage.seq() - base;
            }
          };
        }
      }),
  /** The receiver goes on where the sender says it begins. */
  CURSOR_TAKEN_FROM_WELCOME(
      new Broken() {
        @Override
        protected ReceiveBuffer inbox(SessionOptions options) {
          return new StandardInbox(options) {
            @Override
            protected void onHandshake(long peerLow) {
              moveTo(peerLow - 1);
            }
          };
        }
      }),
  /** A received message is acknowledged before it is processed. */
  ACK_ON_RECEIVE(
      new Broken() {
        @Override
        protected ReceiveBuffer inbox(SessionOptions options) {
          return new StandardInbox(options) {
            @Override
            public long ack() {
              return received();
            }
          };
        }
      }),
  /** A full buffer makes room. */
  OLDEST_EVICTED_WHEN_FULL(
      new Broken() {
        @Override
        protected SendBuffer outbox(SessionOptions options) {
          return new StandardOutbox(options) {
            @Override
            public boolean isReady() {
              return !isFinished();
            }

            @Override
            public boolean offer(Payload message) {
              if (!isFinished() && !super.isReady()) {
                release(low());
              }
              return super.offer(message);
            }
          };
        }
      }),
  /** A server lets every attachment in beside the others. */
  NO_FENCING_ON_THE_SERVER(
      new Broken() {
        @Override
        protected Fence fence() {
          return new Fence() {
            @Override
            public boolean admits(long number) {
              return true;
            }

            @Override
            public boolean endsOlder() {
              return false;
            }
          };
        }
      }),
  /** The status is sent as soon as it is known, and ends the stream when it comes. */
  STATUS_WITHOUT_SEQUENCE(
      new Broken() {
        @Override
        protected SendBuffer outbox(SessionOptions options) {
          return new StandardOutbox(options) {
            @Override
            public @Nullable SequencedMessage at(long seq) {
              SequencedMessage last = isFinished() ? super.at(end()) : null;
              return isStatus(last) && seq <= end() ? last : super.at(seq);
            }

            @Override
            public long numberOf(SequencedMessage sequencedMessage, StreamAttachment attachment) {
              return isStatus(sequencedMessage) ? 0 : sequencedMessage.seq();
            }

            private static boolean isStatus(@Nullable SequencedMessage sequencedMessage) {
              return sequencedMessage != null && (sequencedMessage.flags() & Flag.FINAL) != 0;
            }
          };
        }

        @Override
        protected ReceiveBuffer inbox(SessionOptions options) {
          return new StandardInbox(options) {
            @Override
            public ReceiveResult receive(long seq, int flags, int status, Payload body) {
              if (seq == 0 && (flags & Flag.FINAL) != 0) {
                accept(received() + 1, flags, status, body);
                return ReceiveResult.ACCEPTED;
              }
              return super.receive(seq, flags, status, body);
            }
          };
        }
      }),
  /** A message that arrives twice is delivered twice. */
  NO_DEDUPE(
      new Broken() {
        @Override
        protected ReceiveBuffer inbox(SessionOptions options) {
          return new StandardInbox(options) {
            @Override
            protected boolean isDuplicate(long seq) {
              return false;
            }
          };
        }
      }),
  /** The attachment that came last carries the session, whatever its number. */
  FENCING_BY_ARRIVAL_ORDER(
      new Broken() {
        @Override
        protected Fence fence() {
          return new Fence() {
            @Override
            public boolean admits(long number) {
              return true;
            }
          };
        }
      }),
  /** A server begins every session that it does not know. */
  BEGINS_WHAT_OTHERS_MAY_HAVE(
      new Broken() {
        @Override
        protected boolean mayBegin(Hello hello, Duration soleFor) {
          return true;
        }
      }),
  /** The only instance begins what its earlier start may have had. */
  BEGINS_WHAT_ITS_EARLIER_START_MAY_HAVE(
      new Broken() {
        @Override
        protected boolean mayBegin(Hello hello, Duration soleFor) {
          return hello.untouched() || !soleFor.isZero();
        }
      }),
  /** Whatever comes is read, however much waits for the application. */
  READS_ON_WHEN_FULL(
      new Broken() {
        @Override
        protected ReceiveBuffer inbox(SessionOptions options) {
          return new StandardInbox(options) {
            @Override
            protected boolean wantsMore() {
              return true;
            }
          };
        }
      }),
  /** A store takes a change that others overtook for a sign that it forgot something. */
  LATE_SAVE_DELETES_THE_RECORD(
      new Broken() {
        @Override
        public SessionStoreModel records() {
          return new SessionStoreModel() {
            @Override
            protected boolean isOvertaken(SessionRecord known, StoreRequest.Save save) {
              return false;
            }
          };
        }
      }),
  /** A status that load shedders answer with ends a session that was welcomed before. */
  REFUSAL_AT_REATTACH_ENDS_THE_SESSION(
      new Broken() {
        @Override
        protected boolean endsSession(CallClosure how) {
          return true;
        }
      }),
  /** A client acknowledges by its own options, whatever a welcome asks for. */
  IGNORES_THE_ACKS_ASKED_FOR(
      new Broken() {
        @Override
        protected AckPolicy ackPolicy(SessionOptions own, Welcome welcome) {
          return AckPolicy.of(own);
        }
      }),
  /** Twelve cuts while a message is unprocessed make it one that breaks connections. */
  CUTS_BLAME_WHAT_ARRIVED(
      new Broken() {
        @Override
        protected boolean clearsArrivedMessages() {
          return false;
        }
      }),
  /** The next owner's handler starts before its client has the welcome, and so may another one. */
  HANDED_OVER_TWICE(
      new Broken() {
        @Override
        protected SessionCursor cursor() {
          return new StandardCursor() {
            @Override
            protected boolean awaitsClient() {
              return false;
            }
          };
        }
      }),
  /** A handler runs on until the client has acknowledged the hand-over. */
  OLD_OWNER_GOES_ON_AFTER_HANDOVER(
      new Broken() {
        @Override
        protected SessionCursor cursor() {
          return new StandardCursor() {
            @Override
            protected boolean endsHandler() {
              return false;
            }
          };
        }
      }),
  /** A session is handed over with messages behind its cursor, which the next owner sends again. */
  CURSOR_BEHIND_ITS_MESSAGES(
      new Broken() {
        @Override
        protected SessionCursor cursor() {
          return new StandardCursor() {
            @Override
            protected boolean isCurrent(long end, long processed) {
              return true;
            }
          };
        }
      }),
  /** A drain says MOVED at the end of its grace, whatever the handler has marked. */
  MOVED_THOUGH_THE_CURSOR_IS_CURRENT(
      new Broken() {
        @Override
        protected SessionCursor cursor() {
          return new StandardCursor() {
            @Override
            protected boolean isCurrent(long end, long processed) {
              return false;
            }
          };
        }
      }),
  /** A cursor counts for messages that were not processed yet. */
  CURSOR_AHEAD_OF_ITS_MESSAGES(
      new Broken() {
        @Override
        protected SessionCursor cursor() {
          return new StandardCursor() {
            @Override
            protected long covered(long processed, boolean replaysMessages) {
              return processed + 1;
            }
          };
        }
      }),
  /**
   * An instance keeps what an earlier hand-over began there, though its client went on elsewhere.
   */
  KEEPS_WHAT_AN_EARLIER_HANDOVER_BEGAN(
      new Broken() {
        @Override
        protected SessionCursor cursor() {
          return new StandardCursor() {
            @Override
            protected boolean isBefore(SessionHandover handover) {
              return isHandedOver();
            }
          };
        }
      }),
  /** The end of the old owner's call may end a session that it has handed over. */
  OLD_OWNER_ENDS_WHAT_IT_HANDED_OVER(
      new Broken() {
        @Override
        protected ReceiveBuffer inbox(SessionOptions options) {
          return new StandardInbox(options) {
            @Override
            protected boolean isMoved() {
              return false;
            }
          };
        }
      }),
  /** What is due on an attachment whose request side is closed is taken for said. */
  WRITES_TO_A_CLOSED_SIDE(
      new Broken() {
        @Override
        protected boolean replacesHalfClosed() {
          return false;
        }
      });

  private final SessionRules rules;

  SessionMutant(SessionRules rules) {
    this.rules = rules;
  }

  /** The session rules with the bug. */
  public SessionRules rules() {
    return rules;
  }

  private static class Broken extends SessionRules {}

  private static class StandardCursor extends SessionCursor {}

  private static class StandardInbox extends ReceiveBuffer {
    StandardInbox(SessionOptions options) {
      super(options.receiveMessages(), options.receiveBytes());
    }
  }

  private static class StandardOutbox extends SendBuffer {
    StandardOutbox(SessionOptions options) {
      super(options.sendMessages(), options.sendBytes());
    }
  }
}
