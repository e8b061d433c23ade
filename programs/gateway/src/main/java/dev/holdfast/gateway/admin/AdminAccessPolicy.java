package dev.holdfast.gateway.admin;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.util.NetUtil;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Access policy of the admin page, and of the console, against cross-site requests. Any page that a
 * browser shows can send requests to loopback, also by DNS rebinding. The Host, Origin and
 * Sec-Fetch-Site headers tell such requests from those of the admin page itself.
 */
public final class AdminAccessPolicy {
  /**
   * A custom header that POST requests must have. Pages of another origin can't send it without a
   * CORS preflight.
   */
  public static final String OWN_HEADER = "x-holdfast-admin";

  private static final Set<String> SAME_SITE = Set.of("same-origin", "none");
  private static final String LOCALHOST = "localhost";

  private final boolean loopback;

  /**
   * The policy for one listening address.
   *
   * @param loopback whether the address is reachable only from this machine
   */
  public AdminAccessPolicy(boolean loopback) {
    this.loopback = loopback;
  }

  /**
   * The reason to refuse a request; null when it is allowed.
   *
   * @param machine whether the path is meant for programs such as scrapers; these may use any host
   *     name unless the address is loopback
   */
  public @Nullable String refusal(HttpMethod method, HttpHeaders headers, boolean machine) {
    String host = headers.get(HttpHeaderNames.HOST, "");
    boolean anyName = machine && !loopback;
    if (!anyName && !isOurs(nameOf(host))) {
      return "host: "
          + host
          + " (expected: "
          + (loopback ? "localhost or 127.0.0.1" : "localhost or an IP address")
          + ")";
    }
    String origin = headers.get(HttpHeaderNames.ORIGIN);
    if (origin != null && !origin.equalsIgnoreCase("http://" + host)) {
      return "origin: " + origin + " (expected: http://" + host + ")";
    }
    String site = headers.get("sec-fetch-site");
    if (site != null && !SAME_SITE.contains(site.toLowerCase(Locale.ROOT))) {
      return "sec-fetch-site: " + site + " (expected: same-origin)";
    }
    if (method.equals(HttpMethod.POST) && !headers.contains(OWN_HEADER)) {
      return OWN_HEADER + ": none (expected: any value)";
    }
    return null;
  }

  private boolean isOurs(String name) {
    if (name.equalsIgnoreCase(LOCALHOST)) {
      return true;
    }
    byte[] literal = NetUtil.createByteArrayFromIpAddressString(name);
    if (literal == null) {
      return false;
    }
    return !loopback || NetUtil.createInetAddressFromIpAddressString(name).isLoopbackAddress();
  }

  private static String nameOf(String host) {
    if (host.startsWith("[")) {
      int end = host.indexOf(']');
      return end < 0 ? "" : host.substring(1, end);
    }
    int colon = host.indexOf(':');
    return colon < 0 ? host : host.substring(0, colon);
  }
}
