package dev.holdfast.control.internal.xds;

import dev.holdfast.control.internal.xds.XdsSimulation.Streams;
import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.control.xds.XdsResource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Streams that are broken on purpose, each as somebody's was: the simulation must catch each. */
enum XdsMutant implements Streams {
  /** A name that comes back is taken for one that the client still has: it waits for ever. */
  RESUBSCRIPTION_FORGOTTEN {
    @Override
    public SotwStream sotw() {
      return new SotwStream(
          type ->
              new SotwSubscription(type) {
                private final Map<String, SentResource> everGiven = new HashMap<>();

                @Override
                void subscribe(Set<String> wanted, boolean everything) {
                  everGiven.putAll(sent);
                  super.subscribe(wanted, everything);
                  wanted.forEach(
                      name ->
                          Optional.ofNullable(everGiven.get(name))
                              .ifPresent(
                                  old -> {
                                    sent.put(name, old);
                                    unanswered.remove(name);
                                  }));
                }
              });
    }
  },
  /** What was rejected is sent again, and rejected again. */
  REJECTION_ANSWERED {
    @Override
    public SotwStream sotw() {
      return new SotwStream(
          type ->
              new SotwSubscription(type) {
                @Override
                Acknowledgement acknowledge(String nonce, Optional<String> error) {
                  return forgetRejected(this, super.acknowledge(nonce, error));
                }
              });
    }
  },
  /** The same in the incremental variant. */
  REJECTION_ANSWERED_BY_DELTA {
    @Override
    public DeltaStream delta() {
      return new DeltaStream(
          type ->
              new DeltaSubscription(type) {
                @Override
                Acknowledgement acknowledge(String nonce, Optional<String> error) {
                  return forgetRejected(this, super.acknowledge(nonce, error));
                }
              });
    }
  },
  /** An answer to an older response is taken for one to the last. */
  STALE_ANSWER_BELIEVED {
    @Override
    public SotwStream sotw() {
      return new SotwStream(
          type ->
              new SotwSubscription(type) {
                private String last = "";

                @Override
                Acknowledgement acknowledge(String nonce, Optional<String> error) {
                  return super.acknowledge(nonce.isEmpty() ? nonce : last, error);
                }

                @Override
                XdsResponse respond(
                    java.util.Collection<XdsResource> resources,
                    java.util.Collection<String> removed) {
                  XdsResponse reply = super.respond(resources, removed);
                  last = reply.nonce();
                  return reply;
                }
              });
    }
  },
  /** What is not known yet is said not to exist. */
  PENDING_TAKEN_FOR_ABSENT {
    @Override
    public SotwStream sotw() {
      return new SotwStream(
          type ->
              new SotwSubscription(type) {
                @Override
                boolean isWithheld(XdsSnapshot snapshot) {
                  return false;
                }
              });
    }
  },
  /** A cluster goes with the response that brings others, while a listener still refers to it. */
  BREAK_BEFORE_MAKE {
    @Override
    public SotwStream sotw() {
      return new SotwStream() {
        @Override
        boolean mayShrinkAtOnce(ResourceType type) {
          return true;
        }
      };
    }
  },
  /** A cluster goes when nothing refers to it any more, while calls are on their way to it. */
  CALLS_CUT_OFF {
    @Override
    public SotwStream sotw() {
      return new SotwStream(
          type ->
              new SotwSubscription(type) {
                @Override
                boolean isInUseByName(String name) {
                  return false;
                }
              });
    }
  },
  /** A cluster goes with the rest in the incremental variant, too. */
  BREAK_BEFORE_MAKE_BY_DELTA {
    @Override
    public DeltaStream delta() {
      return new DeltaStream() {
        @Override
        boolean mayShrinkAtOnce(ResourceType type) {
          return true;
        }
      };
    }
  },
  /** A listener comes before the clusters that it refers to. */
  LISTENERS_FIRST {
    @Override
    public SotwStream sotw() {
      return new SotwStream() {
        @Override
        List<ResourceType> order() {
          return List.of(
              ResourceType.LISTENER,
              ResourceType.ROUTES,
              ResourceType.CLUSTER,
              ResourceType.ENDPOINTS);
        }

        @Override
        boolean mayChange(ResourceType type) {
          return true;
        }

        @Override
        boolean isHeldBack(ResourceType type) {
          return false;
        }
      };
    }
  },
  /** What a client has from an earlier stream is believed to be up to date. */
  OLD_VERSIONS_BELIEVED {
    @Override
    public DeltaStream delta() {
      return new DeltaStream(
          type ->
              new DeltaSubscription(type) {
                @Override
                boolean differs(String name, XdsResource resource) {
                  SentResource before = sent.get(name);
                  return before == null || (before.nonce() > 0 && super.differs(name, resource));
                }
              });
    }
  },
  /** What is gone is not taken away from an incremental client. */
  REMOVAL_FORGOTTEN {
    @Override
    public DeltaStream delta() {
      return new DeltaStream(
          type ->
              new DeltaSubscription(type) {
                @Override
                Optional<XdsResponse> poll(
                    XdsSnapshot snapshot, boolean mayChange, boolean mayShrink) {
                  return super.poll(snapshot, mayChange, false);
                }
              });
    }
  },
  /** Who unsubscribes is still sent what changes. */
  UNSUBSCRIPTION_IGNORED {
    @Override
    public DeltaStream delta() {
      return new DeltaStream(
          type ->
              new DeltaSubscription(type) {
                @Override
                void unsubscribe(String name) {
                  // Nothing.
                }
              });
    }
  };

  /** What was rejected counts as never given. */
  private static Acknowledgement forgetRejected(
      XdsSubscription xdsSubscription, Acknowledgement acknowledgement) {
    if (acknowledgement == Acknowledgement.REJECTED) {
      xdsSubscription.sent.values().removeIf(XdsSubscription.SentResource::rejected);
      xdsSubscription.invalidate();
    }
    return acknowledgement;
  }
}
