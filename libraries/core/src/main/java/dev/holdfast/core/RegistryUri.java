package dev.holdfast.core;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The URI of a registry: {@code scheme://[user:password@]authority/namespace?parameter=value}.
 *
 * <p>The path is the namespace that every service is looked up in; for the file registry it is the
 * directory. {@link #toString()} never shows user or password.
 *
 * @param scheme chooses the {@link RegistryProvider}
 * @param userInfo {@code user:password}, or "" when the URI has none
 * @param authority hosts and ports as written, "" when there are none
 * @param namespace the path without its leading and trailing slash
 * @param parameters the query, decoded and sorted
 */
public record RegistryUri(
    String scheme,
    String userInfo,
    String authority,
    String namespace,
    Map<String, String> parameters) {

  private static final Pattern SECRET = Pattern.compile("(?s)^(.*?//)?.*@");

  public RegistryUri {
    parameters = Collections.unmodifiableMap(new TreeMap<>(parameters));
  }

  /**
   * Parses a registry URI. Secrets never appear in the message of an error.
   *
   * @throws IllegalArgumentException saying what was expected
   */
  public static RegistryUri parse(String text) {
    int schemeEnd = text.indexOf("://");
    if (schemeEnd <= 0) {
      throw new IllegalArgumentException(
          "registry: \"" + redact(text) + "\" (expected: scheme://authority/namespace)");
    }
    String rest = text.substring(schemeEnd + 3);
    requireEncodedSecrets(rest, text);
    int query = rest.indexOf('?');
    Map<String, String> parameters =
        query < 0 ? Map.of() : parseQuery(rest.substring(query + 1), text);
    String place = query < 0 ? rest : rest.substring(0, query);
    int slash = place.indexOf('/');
    String authority = slash < 0 ? place : place.substring(0, slash);
    String path = slash < 0 ? "" : place.substring(slash + 1);
    int at = authority.lastIndexOf('@');
    return new RegistryUri(
        text.substring(0, schemeEnd),
        at < 0 ? "" : decode(authority.substring(0, at), text),
        authority.substring(at + 1),
        decodePath(path.endsWith("/") ? path.substring(0, path.length() - 1) : path, text),
        parameters);
  }

  /** Takes over a {@link URI} that a framework such as grpc-java has parsed. */
  public static RegistryUri of(URI uri) {
    return parse(uri.toString());
  }

  /** The value of a query parameter. */
  public Optional<String> parameter(String name) {
    return Optional.ofNullable(parameters.get(name));
  }

  /** The same registry seen from another namespace. */
  public RegistryUri withNamespace(String value) {
    return new RegistryUri(scheme, userInfo, authority, value, parameters);
  }

  /** The URI without user and password. */
  @Override
  public String toString() {
    String query =
        parameters.entrySet().stream()
            .map(e -> e.getKey() + "=" + e.getValue())
            .collect(Collectors.joining("&"));
    return scheme
        + "://"
        + authority
        + (namespace.isEmpty() ? "" : "/" + namespace)
        + (query.isEmpty() ? "" : "?" + query);
  }

  /** A text that may be a URI, without what may be a secret: all between {@code //} and @. */
  static String redact(String text) {
    return SECRET
        .matcher(text)
        .replaceFirst(
            found ->
                Matcher.quoteReplacement(Objects.requireNonNullElse(found.group(1), "") + "...@"));
  }

  /**
   * A slash in a password would end the authority, and half a password would be taken for a host.
   */
  private static void requireEncodedSecrets(String rest, String whole) {
    String authority = rest.split("[/?]", 2)[0];
    if (!authority.isEmpty() && rest.lastIndexOf('@') > authority.length()) {
      throw new IllegalArgumentException(
          "registry: \""
              + redact(whole)
              + "\" (expected: / ? and @ to be written as %2F, %3F and %40 in a password and in"
              + " parameters)");
    }
  }

  private static Map<String, String> parseQuery(String query, String whole) {
    Map<String, String> parameters = new TreeMap<>();
    for (String pair : query.split("&", -1)) {
      int equals = pair.indexOf('=');
      if (equals <= 0) {
        throw new IllegalArgumentException(
            "registry parameter: \"" + pair + "\" (expected: name=value)");
      }
      String name = decode(pair.substring(0, equals), whole);
      if (parameters.put(name, decode(pair.substring(equals + 1), whole)) != null) {
        throw new IllegalArgumentException(
            "registry parameter: \"" + name + "\" twice (expected: once)");
      }
    }
    return parameters;
  }

  /**
   * Refuses an encoded slash, which would silently move the name behind it to another namespace.
   */
  private static String decodePath(String path, String whole) {
    if (path.toUpperCase(Locale.ROOT).contains("%2F")) {
      throw new IllegalArgumentException(
          "registry: \""
              + redact(whole)
              + "\" (expected: no %2F outside of passwords and parameters)");
    }
    return decode(path, whole);
  }

  private static String decode(String text, String whole) {
    try {
      // URLDecoder is made for forms: a plus must stay a plus here.
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "registry: \"" + redact(whole) + "\" (expected: %XX to be two hex digits)", e);
    }
  }
}
