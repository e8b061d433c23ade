package dev.holdfast.control.internal.xds;

import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.control.xds.XdsResource;
import dev.holdfast.core.annotation.PureCore;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The subscription of an incremental stream to one resource type: a response holds only resources
 * that are new to the client, changed or removed.
 */
@PureCore
class DeltaSubscription extends XdsSubscription {
  private static final String ALL = XdsStream.ALL;

  DeltaSubscription(ResourceType type) {
    super(type);
  }

  Acknowledgement onRequest(DeltaRequest request) throws XdsViolation {
    requireBounds(request.subscribe());
    requireBounds(List.copyOf(request.has().keySet()));
    Acknowledgement acknowledgement = acknowledge(request.nonce(), request.error());
    if (!requested && type.isWhole() && request.subscribe().isEmpty()) {
      subscribeToAll();
    }
    for (String name : request.subscribe()) {
      if (name.equals(ALL) && type.isWhole()) {
        subscribeToAll();
      } else if (!name.equals(ALL)) {
        names.add(name);
        unanswered.add(name);
      }
    }
    if (names.size() > MAX_NAMES) {
      throw tooMany(names.size());
    }
    request.unsubscribe().forEach(this::unsubscribe);
    if (!requested) {
      begin(request.has());
    }
    if (!request.subscribe().isEmpty() || !request.unsubscribe().isEmpty() || !requested) {
      invalidate();
    }
    requested = true;
    return acknowledgement;
  }

  private void subscribeToAll() {
    allUnanswered = true;
    all = true;
  }

  /**
   * Takes over the versions that the client kept from an earlier stream, so that unchanged
   * resources are not sent again.
   */
  void begin(Map<String, String> has) {
    has.forEach(
        (name, version) -> {
          if (wants(name)) {
            sent.put(name, new SentResource(null, version, 0, false));
            unanswered.remove(name);
          }
        });
  }

  void unsubscribe(String name) {
    if (name.equals(ALL)) {
      all = false;
      allUnanswered = false;
      sent.keySet().retainAll(names);
      return;
    }
    names.remove(name);
    unanswered.remove(name);
    sent.remove(name);
    if (all) {
      // Who wants all has let go of a name that is among them: it must hear of it anew.
      unanswered.add(name);
    }
  }

  @Override
  Optional<XdsResponse> poll(XdsSnapshot snapshot, boolean mayChange, boolean mayShrink) {
    boolean changes = mayChange && !isAwaitingAck() && !isUpToDate(snapshot);
    if (!isResponseOwed() && !changes) {
      return Optional.empty();
    }
    Set<String> looked = new HashSet<>(unanswered);
    if (changes || allUnanswered) {
      looked.addAll(names);
      looked.addAll(sent.keySet());
      if (all) {
        looked.addAll(snapshot.resources(type).keySet());
      }
    }
    return choose(snapshot, looked, mayShrink, changes);
  }

  private Optional<XdsResponse> choose(
      XdsSnapshot snapshot, Set<String> looked, boolean mayShrink, boolean changes) {
    List<XdsResource> due = new ArrayList<>();
    List<String> removed = new ArrayList<>();
    long bytes = 0;
    boolean complete = true;
    boolean more = false;
    for (String name : looked) {
      if (snapshot.isUnknown(name)) {
        complete = false;
        continue;
      }
      XdsResource resource = snapshot.resources(type).get(name);
      if (resource == null) {
        if (unanswered.contains(name) || (sent.containsKey(name) && mayShrink)) {
          removed.add(name);
        }
        complete &= mayShrink || !sent.containsKey(name);
      } else if (unanswered.contains(name) || differs(name, resource)) {
        if (!due.isEmpty() && bytes + resource.value().size() > MAX_REPLY_BYTES) {
          more = true;
          continue;
        }
        bytes += resource.value().size();
        due.add(resource);
      }
    }
    if (due.isEmpty() && removed.isEmpty() && !isAllUnanswered(snapshot)) {
      if (changes && complete) {
        upToDate(snapshot);
      }
      return Optional.empty();
    }
    due.forEach(resource -> unanswered.remove(resource.name()));
    removed.forEach(unanswered::remove);
    allUnanswered = allUnanswered && more;
    return Optional.of(respond(due, removed));
  }

  /**
   * Whether the client asked for all resources and there is nothing to send: an empty response is
   * due then.
   */
  private boolean isAllUnanswered(XdsSnapshot snapshot) {
    return allUnanswered && snapshot.unknownServices().pending().isEmpty();
  }
}
