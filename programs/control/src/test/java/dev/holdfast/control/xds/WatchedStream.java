package dev.holdfast.control.xds;

import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** One stream at the server, with a ledger of its own of what it owes and may say. */
final class WatchedStream {

  /** One type, as an honest book-keeper sees it. */
  private static final class Ledger {
    Peer.Wish wish = Peer.Wish.NOTHING;
    final Map<String, String> told = new HashMap<>();
    final Set<String> owed = new HashSet<>();
    boolean allOwed;
    String lastNonce = "";
    boolean unanswered;
  }

  private final Peer peer;
  private final World world;
  private final Map<ResourceType, Ledger> ledgers = new EnumMap<>(ResourceType.class);

  WatchedStream(Peer peer, World world) {
    this.peer = peer;
    this.world = world;
    for (ResourceType type : ResourceType.values()) {
      ledgers.put(type, new Ledger());
    }
  }

  void hear(Peer.Saying saying) {
    Ledger ledger = ledger(saying.type());
    boolean startsAll = saying.now().all() && !ledger.wish.all();
    for (String name : saying.now().names()) {
      if (!ledger.wish.names().contains(name)) {
        boolean kept =
            saying.first()
                && !peer.isAbsenceDeletion(saying.type())
                && isDelta()
                && saying.versions().containsKey(name);
        if (!kept) {
          ledger.owed.add(name);
        }
      }
    }
    if (saying.first() && isDelta()) {
      saying.versions().forEach((name, version) -> ledger.told.put(name, version));
    }
    ledger.allOwed |= startsAll;
    ledger.wish = saying.now();
    ledger.owed.retainAll(saying.now().names());
    ledger.told.keySet().removeIf(name -> !wants(ledger, name));
    if (saying.nonce().equals(ledger.lastNonce)) {
      ledger.unanswered = false;
    }
    try {
      peer.hear(saying);
    } catch (XdsViolation e) {
      throw new AssertionError("guarantee none broken, a bound met: " + e.getMessage(), e);
    }
  }

  /** Whether it answers a response that was followed by another one. */
  boolean isOld(Peer.Saying saying) {
    return !saying.nonce().isEmpty() && !saying.nonce().equals(ledger(saying.type()).lastNonce);
  }

  /** The next response, after it was held against the ledger. */
  Optional<XdsReply> poll(XdsSnapshot snapshot) {
    Optional<XdsReply> reply = peer.stream().poll(snapshot);
    reply.ifPresent(this::check);
    return reply;
  }

  private void check(XdsReply reply) {
    Ledger ledger = ledger(reply.type());
    Map<String, String> said = new HashMap<>();
    reply.resources().forEach(resource -> said.put(resource.name(), resource.version()));
    said.keySet().forEach(name -> requireAsked(ledger, name, reply));
    reply.removed().forEach(name -> requireAsked(ledger, name, reply));
    requireComplete(ledger, said, reply);
    boolean whole = peer.isAbsenceDeletion(reply.type());
    boolean answers =
        ledger.allOwed
            || ledger.owed.stream()
                .anyMatch(n -> whole || said.containsKey(n) || reply.removed().contains(n));
    boolean changes =
        said.entrySet().stream().anyMatch(e -> !e.getValue().equals(ledger.told.get(e.getKey())))
            || reply.removed().stream().anyMatch(ledger.told::containsKey)
            || (whole && !said.keySet().containsAll(ledger.told.keySet()));
    Guarantee.XDS_NOTHING_IN_VAIN.require(
        answers || changes,
        "nothing new in " + reply + " for " + ledger.wish + " told " + ledger.told);
    Guarantee.XDS_ONE_AT_A_TIME.require(
        answers || !ledger.unanswered, "sent before an answer: " + reply);
    if (whole) {
      ledger.told.clear();
      ledger.owed.clear();
    }
    ledger.told.putAll(said);
    reply.removed().forEach(ledger.told::remove);
    ledger.owed.removeAll(said.keySet());
    ledger.owed.removeAll(reply.removed());
    ledger.allOwed = false;
    ledger.lastNonce = reply.nonce();
    ledger.unanswered = true;
  }

  private void requireAsked(Ledger ledger, String name, XdsReply reply) {
    Guarantee.XDS_ONLY_WHAT_WAS_ASKED.require(
        wants(ledger, name) || ledger.told.containsKey(name), name + " in " + reply);
  }

  private void requireComplete(Ledger ledger, Map<String, String> said, XdsReply reply) {
    for (String name : reply.removed()) {
      Guarantee.XDS_NEVER_INCOMPLETE.require(
          !world.exists(reply.type(), name), name + " exists and is removed by " + reply);
    }
    if (!peer.isAbsenceDeletion(reply.type())) {
      return;
    }
    Set<String> wanted = new HashSet<>(ledger.wish.names());
    wanted.addAll(ledger.told.keySet());
    if (ledger.wish.all()) {
      wanted.addAll(world.names(reply.type()));
    }
    boolean aloneRefused =
        !ledger.wish.all() && ledger.wish.names().stream().allMatch(world::isRefused);
    for (String name : wanted) {
      boolean mayLack = world.isRefused(name) && !aloneRefused;
      Guarantee.XDS_NEVER_INCOMPLETE.require(
          said.containsKey(name) || mayLack || !world.exists(reply.type(), name),
          name + " exists and is left out of " + reply);
    }
  }

  private boolean isDelta() {
    return peer instanceof Peer.Delta;
  }

  private static boolean wants(Ledger ledger, String name) {
    return ledger.wish.all() || ledger.wish.names().contains(name);
  }

  private Ledger ledger(ResourceType type) {
    return Objects.requireNonNull(ledgers.get(type));
  }
}
