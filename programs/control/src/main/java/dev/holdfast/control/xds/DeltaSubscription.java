package dev.holdfast.control.xds;

import dev.holdfast.core.PureCore;
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
class DeltaSubscription extends Subscription {
  private static final String ALL = XdsStream.ALL;

  DeltaSubscription(ResourceType type) {
    super(type);
  }

  Verdict onRequest(DeltaRequest request) throws XdsViolation {
    requireBounds(request.subscribe());
    requireBounds(List.copyOf(request.has().keySet()));
    Verdict verdict = judge(request.nonce(), request.error());
    if (!asked && type.isWhole() && request.subscribe().isEmpty()) {
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
    if (!asked) {
      begin(request.has());
    }
    if (!request.subscribe().isEmpty() || !request.unsubscribe().isEmpty() || !asked) {
      stir();
    }
    asked = true;
    return verdict;
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
            given.put(name, new Given(null, version, 0, false));
            unanswered.remove(name);
          }
        });
  }

  void unsubscribe(String name) {
    if (name.equals(ALL)) {
      all = false;
      allUnanswered = false;
      given.keySet().retainAll(names);
      return;
    }
    names.remove(name);
    unanswered.remove(name);
    given.remove(name);
    if (all) {
      // Who wants all has let go of a name that is among them: it must hear of it anew.
      unanswered.add(name);
    }
  }

  @Override
  Optional<XdsReply> poll(XdsSnapshot snapshot, boolean mayChange, boolean mayShrink) {
    boolean changes = mayChange && !isAwaited() && !isUpToDate(snapshot);
    if (!isOwed() && !changes) {
      return Optional.empty();
    }
    Set<String> looked = new HashSet<>(unanswered);
    if (changes || allUnanswered) {
      looked.addAll(names);
      looked.addAll(given.keySet());
      if (all) {
        looked.addAll(snapshot.resources(type).keySet());
      }
    }
    return choose(snapshot, looked, mayShrink, changes);
  }

  private Optional<XdsReply> choose(
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
        if (unanswered.contains(name) || (given.containsKey(name) && mayShrink)) {
          removed.add(name);
        }
        complete &= mayShrink || !given.containsKey(name);
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
    return Optional.of(reply(due, removed));
  }

  /**
   * Whether the client asked for all resources and there is nothing to send: an empty response is
   * due then.
   */
  private boolean isAllUnanswered(XdsSnapshot snapshot) {
    return allUnanswered && snapshot.unknown().pending().isEmpty();
  }
}
