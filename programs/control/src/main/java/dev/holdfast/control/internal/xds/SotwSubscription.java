package dev.holdfast.control.internal.xds;

import dev.holdfast.control.xds.ResourceType;
import dev.holdfast.control.xds.XdsResource;
import dev.holdfast.core.annotation.PureCore;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The subscription of a state-of-the-world stream to one resource type. A response of clusters or
 * listeners holds all subscribed resources; one of endpoints or routes holds those that are new to
 * the client.
 */
@PureCore
class SotwSubscription extends XdsSubscription {
  private boolean unnamed;

  SotwSubscription(ResourceType type) {
    super(type);
  }

  Acknowledgement onRequest(SotwRequest request) throws XdsViolation {
    Set<String> wanted = new HashSet<>(request.names());
    if (wanted.size() > MAX_NAMES) {
      throw tooMany(wanted.size());
    }
    requireBounds(List.copyOf(wanted));
    // The old way to ask for all, which holds until a name is said.
    unnamed = wanted.isEmpty() && (!requested || unnamed);
    boolean everything = type.isWhole() && (wanted.remove(XdsStream.ALL) || unnamed);
    Acknowledgement acknowledgement = acknowledge(request.nonce(), request.error());
    if (!wanted.equals(names) || everything != all || !requested) {
      subscribe(wanted, everything);
    }
    requested = true;
    return acknowledgement;
  }

  /** Names that are new must be answered, even those that were wanted and given up before. */
  void subscribe(Set<String> wanted, boolean everything) {
    for (String name : wanted) {
      if (!names.contains(name)) {
        unanswered.add(name);
      }
    }
    names.clear();
    names.addAll(wanted);
    unanswered.retainAll(names);
    allUnanswered = everything && (allUnanswered || !all);
    all = everything;
    sent.keySet().removeIf(name -> !wants(name));
    invalidate();
  }

  @Override
  Optional<XdsResponse> poll(XdsSnapshot snapshot, boolean mayChange, boolean mayShrink) {
    boolean changes = mayChange && !isAwaitingAck() && !isUpToDate(snapshot);
    if (!isResponseOwed() && !changes) {
      return Optional.empty();
    }
    return type.isWhole() ? pollWhole(snapshot, mayShrink) : pollParts(snapshot, changes);
  }

  /**
   * Whether a subscribed resource is pending: its existence is not decided yet, so the response
   * waits. A refused resource is left out for the sake of the others; if there are no others, the
   * response waits for it too.
   */
  boolean isWithheld(XdsSnapshot snapshot) {
    if (all) {
      return !snapshot.unknownServices().pending().isEmpty();
    }
    return names.stream().anyMatch(snapshot::isPending)
        || (!names.isEmpty() && names.stream().allMatch(snapshot::isUnknown));
  }

  private Optional<XdsResponse> pollWhole(XdsSnapshot snapshot, boolean mayShrink) {
    if (isWithheld(snapshot)) {
      return Optional.empty();
    }
    Map<String, XdsResource> present = present(snapshot);
    boolean held = false;
    for (Map.Entry<String, SentResource> before : sent.entrySet()) {
      XdsResource old = before.getValue().resource();
      boolean kept = !mayShrink || isInUseByName(before.getKey());
      if (kept && old != null && !present.containsKey(before.getKey())) {
        present.put(before.getKey(), old);
        held = true;
      }
    }
    if (!isResponseOwed() && isWhatWasSent(present)) {
      if (!held) {
        upToDate(snapshot);
      }
      return Optional.empty();
    }
    unanswered.clear();
    allUnanswered = false;
    Set<String> gone = new HashSet<>(sent.keySet());
    gone.removeAll(present.keySet());
    XdsResponse reply = respond(present.values(), gone);
    return Optional.of(new XdsResponse(type, reply.resources(), List.of(), reply.nonce()));
  }

  /**
   * Whether the client still names a cluster. A client may have calls in progress to a cluster
   * although it has accepted that nothing refers to the cluster any more. It names the cluster
   * until those calls end, and would fail them if the cluster vanished.
   */
  boolean isInUseByName(String name) {
    return type == ResourceType.CLUSTER && names.contains(name);
  }

  private Map<String, XdsResource> present(XdsSnapshot snapshot) {
    Map<String, XdsResource> ofType = snapshot.resources(type);
    if (all) {
      return new HashMap<>(ofType);
    }
    Map<String, XdsResource> present = new HashMap<>();
    for (String name : names) {
      XdsResource resource = ofType.get(name);
      if (resource != null) {
        present.put(name, resource);
      }
    }
    return present;
  }

  private boolean isWhatWasSent(Map<String, XdsResource> present) {
    return present.size() == sent.size()
        && present.values().stream().noneMatch(resource -> differs(resource.name(), resource));
  }

  private Optional<XdsResponse> pollParts(XdsSnapshot snapshot, boolean changes) {
    Map<String, XdsResource> ofType = snapshot.resources(type);
    List<XdsResource> due = new ArrayList<>();
    long bytes = 0;
    boolean complete = true;
    for (String name : changes ? names : unanswered) {
      XdsResource resource = ofType.get(name);
      if (resource == null) {
        // The client was told of its removal: it counts as new when it appears again.
        sent.remove(name);
      } else if (unanswered.contains(name) || differs(name, resource)) {
        if (!due.isEmpty() && bytes + resource.value().size() > MAX_REPLY_BYTES) {
          complete = false;
          break;
        }
        bytes += resource.value().size();
        due.add(resource);
      }
    }
    if (due.isEmpty()) {
      if (changes && complete) {
        upToDate(snapshot);
      }
      return Optional.empty();
    }
    due.forEach(resource -> unanswered.remove(resource.name()));
    return Optional.of(respond(due, List.of()));
  }
}
