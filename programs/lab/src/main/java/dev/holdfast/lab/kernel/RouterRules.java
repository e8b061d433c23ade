package dev.holdfast.lab.kernel;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.lab.PathFaults.IdleAction;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * The packet rules of a {@link KernelLab}'s router as text for nft; the whole table each time, so
 * that a change takes effect as one.
 *
 * <p>Every connection is marked with the generation in which it began: to drop those that are
 * established and let new ones pass is to begin the next generation.
 */
@PureCore
final class RouterRules {
  static final int PORT = 50051;
  private static final int LOSS_UNITS = 1_000_000;

  /** The least that shows whether this kernel can do it: NAT and connection tracking. */
  static final String PROBE =
      """
      add table ip holdfast
      add chain ip holdfast probe { type nat hook prerouting priority 0; }
      add rule ip holdfast probe ct state new counter
      """;

  private final KernelPath path;
  private final Set<Integer> silent = new TreeSet<>();
  private int generation = 1;
  private double lossFraction;

  RouterRules(KernelPath path) {
    this.path = path;
  }

  /** The address by which clients know an endpoint, from 0. */
  static String clientSide(int endpoint) {
    return "10.77.1." + (1 + endpoint);
  }

  /** The address at which the server listens. */
  static String serverSide(int endpoint) {
    return "10.77.2." + (2 + endpoint);
  }

  void dropEstablished() {
    generation++;
  }

  void silence(int endpoint) {
    silent.add(endpoint);
  }

  void lose(double fraction) {
    lossFraction = fraction;
  }

  void heal() {
    silent.clear();
    lossFraction = 0;
  }

  String text() {
    String verdict = path.action() == IdleAction.RESET ? "reject with tcp reset" : "drop";
    StringBuilder translations = new StringBuilder();
    StringBuilder faults = new StringBuilder();
    for (int endpoint = 0; endpoint < path.endpoints(); endpoint++) {
      translations.append(
          "    ip daddr %s tcp dport %d dnat to %s:%d%n"
              .formatted(clientSide(endpoint), PORT, serverSide(endpoint), PORT));
    }
    for (int endpoint : silent) {
      String address = serverSide(endpoint);
      faults.append("    ip daddr %s counter drop%n".formatted(address));
      faults.append("    ip saddr %s counter drop%n".formatted(address));
    }
    long lost = Math.round(lossFraction * LOSS_UNITS);
    if (lost > 0) {
      faults.append(
          String.format(
              Locale.ROOT, "    numgen random mod %d <= %d counter drop%n", LOSS_UNITS, lost - 1));
    }
    return """
    add table ip holdfast
    delete table ip holdfast
    table ip holdfast {
      chain translate {
        type nat hook prerouting priority dstnat;
    %s  }
      chain hide {
        type nat hook postrouting priority srcnat;
        oifname "s1" masquerade
      }
      chain generations {
        type filter hook prerouting priority mangle;
        ct state new ct mark set %d
      }
      chain expired {
        type filter hook prerouting priority filter;
        ct state invalid counter %s
        tcp flags & (syn|rst) == 0 ct state new counter %s
      }
      chain faults {
        type filter hook forward priority filter;
        ct mark != %d counter drop
    %s  }
    }
    """
        .formatted(translations, generation, verdict, verdict, generation, faults);
  }
}
