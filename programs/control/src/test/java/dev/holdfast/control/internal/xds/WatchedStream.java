package dev.holdfast.control.internal.xds;

import dev.holdfast.control.xds.ResourceType;
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
    XdsVariantClient.WantedResources wantedResources = XdsVariantClient.WantedResources.NOTHING;
    final Map<String, String> told = new HashMap<>();
    final Set<String> owed = new HashSet<>();
    boolean allOwed;
    String lastNonce = "";
    boolean unanswered;
  }

  private final XdsVariantClient xdsVariantClient;
  private final SimulatedServices simulatedServices;
  private final Map<ResourceType, Ledger> ledgers = new EnumMap<>(ResourceType.class);

  WatchedStream(XdsVariantClient xdsVariantClient, SimulatedServices simulatedServices) {
    this.xdsVariantClient = xdsVariantClient;
    this.simulatedServices = simulatedServices;
    for (ResourceType type : ResourceType.values()) {
      ledgers.put(type, new Ledger());
    }
  }

  void hear(XdsVariantClient.ClientRequest clientRequest) {
    Ledger ledger = ledger(clientRequest.type());
    boolean startsAll = clientRequest.now().all() && !ledger.wantedResources.all();
    for (String name : clientRequest.now().names()) {
      if (!ledger.wantedResources.names().contains(name)) {
        boolean kept =
            clientRequest.first()
                && !xdsVariantClient.isAbsenceDeletion(clientRequest.type())
                && isDelta()
                && clientRequest.versions().containsKey(name);
        if (!kept) {
          ledger.owed.add(name);
        }
      }
    }
    if (clientRequest.first() && isDelta()) {
      clientRequest.versions().forEach((name, version) -> ledger.told.put(name, version));
    }
    ledger.allOwed |= startsAll;
    ledger.wantedResources = clientRequest.now();
    ledger.owed.retainAll(clientRequest.now().names());
    ledger.told.keySet().removeIf(name -> !wants(ledger, name));
    if (clientRequest.nonce().equals(ledger.lastNonce)) {
      ledger.unanswered = false;
    }
    try {
      xdsVariantClient.hear(clientRequest);
    } catch (XdsViolation e) {
      throw new AssertionError("guarantee none broken, a bound met: " + e.getMessage(), e);
    }
  }

  /** Whether it answers a response that was followed by another one. */
  boolean isOld(XdsVariantClient.ClientRequest clientRequest) {
    return !clientRequest.nonce().isEmpty()
        && !clientRequest.nonce().equals(ledger(clientRequest.type()).lastNonce);
  }

  /** The next response, after it was held against the ledger. */
  Optional<XdsResponse> poll(XdsSnapshot snapshot) {
    Optional<XdsResponse> reply = xdsVariantClient.stream().poll(snapshot);
    reply.ifPresent(this::check);
    return reply;
  }

  private void check(XdsResponse reply) {
    Ledger ledger = ledger(reply.type());
    Map<String, String> said = new HashMap<>();
    reply.resources().forEach(resource -> said.put(resource.name(), resource.version()));
    said.keySet().forEach(name -> requireAsked(ledger, name, reply));
    reply.removed().forEach(name -> requireAsked(ledger, name, reply));
    requireComplete(ledger, said, reply);
    boolean whole = xdsVariantClient.isAbsenceDeletion(reply.type());
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
        "nothing new in " + reply + " for " + ledger.wantedResources + " told " + ledger.told);
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

  private void requireAsked(Ledger ledger, String name, XdsResponse reply) {
    Guarantee.XDS_ONLY_WHAT_WAS_ASKED.require(
        wants(ledger, name) || ledger.told.containsKey(name), name + " in " + reply);
  }

  private void requireComplete(Ledger ledger, Map<String, String> said, XdsResponse reply) {
    for (String name : reply.removed()) {
      Guarantee.XDS_NEVER_INCOMPLETE.require(
          !simulatedServices.exists(reply.type(), name),
          name + " exists and is removed by " + reply);
    }
    if (!xdsVariantClient.isAbsenceDeletion(reply.type())) {
      return;
    }
    Set<String> wanted = new HashSet<>(ledger.wantedResources.names());
    wanted.addAll(ledger.told.keySet());
    if (ledger.wantedResources.all()) {
      wanted.addAll(simulatedServices.names(reply.type()));
    }
    boolean aloneRefused =
        !ledger.wantedResources.all()
            && ledger.wantedResources.names().stream().allMatch(simulatedServices::isRefused);
    for (String name : wanted) {
      boolean mayLack = simulatedServices.isRefused(name) && !aloneRefused;
      Guarantee.XDS_NEVER_INCOMPLETE.require(
          said.containsKey(name) || mayLack || !simulatedServices.exists(reply.type(), name),
          name + " exists and is left out of " + reply);
    }
  }

  private boolean isDelta() {
    return xdsVariantClient instanceof XdsVariantClient.Delta;
  }

  private static boolean wants(Ledger ledger, String name) {
    return ledger.wantedResources.all() || ledger.wantedResources.names().contains(name);
  }

  private Ledger ledger(ResourceType type) {
    return Objects.requireNonNull(ledgers.get(type));
  }
}
