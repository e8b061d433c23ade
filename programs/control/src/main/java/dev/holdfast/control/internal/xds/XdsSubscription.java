package dev.holdfast.control.internal.xds;

import dev.holdfast.control.internal.xds.SubscriptionView.ClientResource;
import dev.holdfast.control.internal.xds.SubscriptionView.ClientResourceState;
import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.control.xds.XdsResource;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The subscription of one stream to one resource type: the requested resources, the sent ones, and
 * the client's answers.
 */
@PureCore
abstract class XdsSubscription {
  /** More in one stream are more than any registry has. */
  @Limit(
      of = "resources of one type that a stream may subscribe to by name",
      then = "the stream is ended with RESOURCE_EXHAUSTED")
  static final int MAX_NAMES = 20_000;

  @Limit(
      of = "characters in the name of a resource that a client asks for",
      then = "the stream is ended with RESOURCE_EXHAUSTED")
  static final int MAX_NAME_CHARS = 1_024;

  /** Where a response need not be whole: well below the 4 MiB that clients of gRPC take. */
  @Limit(
      of = "resources in one response, where it need not hold all of them",
      then = "the others follow in further ones")
  static final int MAX_REPLY_BYTES = 1 << 20;

  /**
   * The resource that was sent last under a name.
   *
   * @param resource null when only its version is known, from the client
   * @param nonce of the response that contained it
   */
  record SentResource(
      @Nullable XdsResource resource, String version, long nonce, boolean rejected) {
    SentResource refused() {
      return new SentResource(resource, version, nonce, true);
    }
  }

  final ResourceType type;
  final Set<String> names = new HashSet<>();

  /** Asked for by name and not answered yet; a subset of the names, or of what was given up. */
  final Set<String> unanswered = new HashSet<>();

  final Map<String, SentResource> sent = new HashMap<>();

  /** Whether all resources are wanted, and whether that was asked for and not answered yet. */
  boolean all;

  boolean allUnanswered;
  boolean requested;

  /** The resources to which everything was compared, when there was nothing to send. */
  private @Nullable Map<String, XdsResource> upToDateWith;

  private long lastNonce;
  private boolean awaitingAck;
  private boolean someRefused;
  private Optional<String> rejection = Optional.empty();

  XdsSubscription(ResourceType type) {
    this.type = type;
  }

  /**
   * The next response that is due; empty when there is none.
   *
   * @param mayChange whether sent resources may be changed now
   * @param mayShrink whether sent resources may be removed now
   */
  abstract Optional<XdsResponse> poll(XdsSnapshot snapshot, boolean mayChange, boolean mayShrink);

  /** Whether the last response waits for its answer. */
  boolean isAwaitingAck() {
    return awaitingAck;
  }

  /** Whether the client uses all that it was given. */
  boolean isSettled() {
    if (someRefused) {
      someRefused = sent.values().stream().anyMatch(SentResource::rejected);
    }
    return !awaitingAck && !someRefused;
  }

  /** Whether a request without an answer yet must be answered, changes or not. */
  boolean isResponseOwed() {
    return allUnanswered || !unanswered.isEmpty();
  }

  Acknowledgement acknowledge(String nonce, Optional<String> error) {
    if (nonce.isEmpty()) {
      return Acknowledgement.NONE;
    }
    error.ifPresent(why -> markRefused(nonce));
    if (!nonce.equals(Long.toString(lastNonce))) {
      return Acknowledgement.STALE;
    }
    if (error.isPresent()) {
      awaitingAck = false;
      rejection = error;
      return Acknowledgement.REJECTED;
    }
    if (!awaitingAck) {
      return Acknowledgement.NONE;
    }
    awaitingAck = false;
    rejection = Optional.empty();
    return Acknowledgement.ACCEPTED;
  }

  private void markRefused(String nonce) {
    someRefused = true;
    sent.replaceAll((name, one) -> Long.toString(one.nonce()).equals(nonce) ? one.refused() : one);
  }

  /** Something other than the resources has changed. */
  void invalidate() {
    upToDateWith = null;
  }

  boolean isUpToDate(XdsSnapshot snapshot) {
    return upToDateWith == snapshot.resources(type);
  }

  void upToDate(XdsSnapshot snapshot) {
    upToDateWith = snapshot.resources(type);
  }

  boolean differs(String name, XdsResource resource) {
    SentResource before = sent.get(name);
    return before == null || !before.version().equals(resource.version());
  }

  boolean wants(String name) {
    return all || names.contains(name);
  }

  /** A response goes out; its resources are what the client has from now on. */
  XdsResponse respond(Collection<XdsResource> resources, Collection<String> removed) {
    lastNonce++;
    awaitingAck = true;
    for (XdsResource resource : resources) {
      sent.put(resource.name(), new SentResource(resource, resource.version(), lastNonce, false));
    }
    removed.forEach(sent::remove);
    return new XdsResponse(
        type,
        resources.stream().sorted((a, b) -> a.name().compareTo(b.name())).toList(),
        removed.stream().sorted().toList(),
        Long.toString(lastNonce));
  }

  void requireBounds(List<String> added) throws XdsViolation {
    for (String name : added) {
      if (name.length() > MAX_NAME_CHARS) {
        throw new XdsViolation(
            type.shortName()
                + " resource name: "
                + name.length()
                + " characters (expected: <= "
                + MAX_NAME_CHARS
                + ")");
      }
    }
    if (added.size() > MAX_NAMES || names.size() + added.size() > 2 * MAX_NAMES) {
      throw tooMany(Math.max(added.size(), names.size()));
    }
  }

  XdsViolation tooMany(int count) {
    return new XdsViolation(
        type.shortName() + " resource names: " + count + " (expected: <= " + MAX_NAMES + ")");
  }

  SubscriptionView view() {
    Map<String, ClientResource> resources = new HashMap<>();
    names.forEach(name -> resources.put(name, new ClientResource(stateOf(name), "")));
    sent.forEach(
        (name, one) -> resources.put(name, new ClientResource(stateOf(name), one.version())));
    return new SubscriptionView(type, all, resources, awaitingAck, rejection);
  }

  private ClientResourceState stateOf(String name) {
    SentResource one = sent.get(name);
    if (one == null) {
      return unanswered.contains(name) ? ClientResourceState.REQUESTED : ClientResourceState.ABSENT;
    }
    if (one.rejected()) {
      return ClientResourceState.REJECTED;
    }
    return awaitingAck && one.nonce() == lastNonce
        ? ClientResourceState.SENT
        : ClientResourceState.ACCEPTED;
  }
}
