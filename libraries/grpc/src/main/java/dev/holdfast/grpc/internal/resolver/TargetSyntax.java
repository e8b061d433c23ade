package dev.holdfast.grpc.internal.resolver;

import dev.holdfast.core.ServiceTarget;
import io.grpc.NameResolverRegistry;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The spellings that a target of a Holdfast channel may have: {@code scheme://../service}, a plain
 * {@code host:port}, or whatever stock grpc-java knows besides.
 */
public final class TargetSyntax {
  private static final Pattern HIERARCHICAL =
      Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*)://([^/?]*)(.*)", Pattern.DOTALL);
  private static final Pattern STOCK_OPAQUE = Pattern.compile("unix(-abstract)?:.*");
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._-]+(:[A-Za-z0-9]+)?");
  private static final String DNS = "dns";

  private TargetSyntax() {}

  /**
   * The target as a Holdfast registry is asked for it, or "" when it is stock grpc-java's to
   * resolve (unix sockets, xDS, an IPv6 literal, a host name without the DNS registry's jar).
   *
   * @param schemes those of the registries on the class path
   * @throws IllegalArgumentException when nobody knows the scheme
   */
  public static String registryTarget(String target, Set<String> schemes) {
    Matcher hierarchical = HIERARCHICAL.matcher(target);
    if (hierarchical.matches()) {
      String scheme = hierarchical.group(1);
      if (scheme.equals(ServiceTarget.ENVIRONMENT_SCHEME)) {
        return target;
      }
      if (schemes.contains(scheme)) {
        return scheme.equals(DNS) && target.contains("[") ? "" : target;
      }
      if (isStock(scheme)) {
        return "";
      }
      Set<String> known = new LinkedHashSet<>(schemes);
      known.add(ServiceTarget.ENVIRONMENT_SCHEME);
      throw new IllegalArgumentException(
          "target: scheme \""
              + scheme
              + "\" (expected: "
              + String.join(", ", known)
              + "; is the holdfast-registry-"
              + scheme
              + " jar missing on the class path?)");
    }
    if (STOCK_OPAQUE.matcher(target).matches()) {
      return "";
    }
    String plain = target.startsWith(DNS + ":") ? target.substring(DNS.length() + 1) : target;
    if (plain.startsWith("[")) {
      return "";
    }
    if (!PLAIN.matcher(plain).matches()) {
      throw new IllegalArgumentException(
          "target: \"" + target + "\" (expected: scheme://authority/service or host:port)");
    }
    return schemes.contains(DNS) ? DNS + ":///" + plain : "";
  }

  /**
   * Refuses {@code etcd://h1:2379,h2:2379/..}, which grpc-java's URI parser does not let through to
   * any resolver, and says how to write it.
   */
  static void requireOnePort(String target) {
    Matcher hierarchical = HIERARCHICAL.matcher(target);
    if (!hierarchical.matches()) {
      return;
    }
    String authority = hierarchical.group(2);
    int at = authority.lastIndexOf('@');
    List<String> members = List.of(authority.substring(at + 1).split(",", -1));
    List<String> hosts = new ArrayList<>();
    Set<String> ports = new LinkedHashSet<>();
    for (String member : members) {
      int colon = member.endsWith("]") ? -1 : member.lastIndexOf(':');
      hosts.add(colon < 0 ? member : member.substring(0, colon));
      if (colon >= 0) {
        ports.add(member.substring(colon + 1));
      }
    }
    boolean portBeforeComma =
        members.subList(0, members.size() - 1).stream().anyMatch(m -> m.matches(".*:\\d+"));
    if (!portBeforeComma) {
      return;
    }
    String scheme = hierarchical.group(1);
    String service = hierarchical.group(3).replaceFirst("\\?.*", "");
    String expected =
        ports.size() == 1
            ? scheme + "://" + String.join(",", hosts) + ":" + ports.iterator().next() + service
            : scheme
                + "://"
                + members.get(0)
                + service
                + "?endpoints="
                + String.join(",", members.subList(1, members.size()));
    throw new IllegalArgumentException(
        "target: several ports in \""
            + String.join(",", members)
            + "\" (expected: one port for all members, others as a parameter: "
            + expected
            + ")");
  }

  private static boolean isStock(String scheme) {
    return NameResolverRegistry.getDefaultRegistry().getProviderForScheme(scheme) != null;
  }
}
