package dev.holdfast.gateway.gzip;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Negotiation of gzip by {@code accept-encoding} (RFC 9110, 12.5.3), and by the lists of gRPC and
 * Connect, which have no weights.
 */
public final class AcceptEncoding {
  /** The only supported content coding besides identity. */
  public static final String GZIP = "gzip";

  /** The request headers that negotiate compression: of HTTP, Connect and gRPC-Web. */
  public static final List<String> LISTS =
      List.of("accept-encoding", "connect-accept-encoding", "grpc-accept-encoding");

  private static final String WEIGHT = "q=";

  private AcceptEncoding() {}

  /** The field lines of one header combined into one list (RFC 9110, 5.2); null for none. */
  public static @Nullable CharSequence joined(List<CharSequence> fields) {
    return switch (fields.size()) {
      case 0 -> null;
      case 1 -> fields.get(0);
      default -> String.join(", ", fields);
    };
  }

  /** Whether gzip is acceptable and its weight is not lower than that of identity. */
  public static boolean takesGzip(@Nullable CharSequence header) {
    if (header == null) {
      return false;
    }
    double gzip = -1;
    double identity = -1;
    double any = -1;
    for (String part : header.toString().toLowerCase(Locale.ROOT).split(",", -1)) {
      int semicolon = part.indexOf(';');
      String name = (semicolon < 0 ? part : part.substring(0, semicolon)).strip();
      double weight = semicolon < 0 ? 1 : weight(part.substring(semicolon + 1));
      switch (name) {
        case GZIP, "x-gzip" -> gzip = Math.max(gzip, weight);
        case "identity" -> identity = weight;
        case "*" -> any = weight;
        default -> {}
      }
    }
    double taken = gzip < 0 ? any : gzip;
    return taken > 0 && taken >= identity;
  }

  /**
   * The weight among a coding's parameters, 0 to 1; 1 when there is none. An invalid weight is 0,
   * so that the coding is not used.
   */
  private static double weight(String parameters) {
    for (String parameter : parameters.split(";", -1)) {
      String text = parameter.strip();
      if (text.startsWith(WEIGHT)) {
        try {
          double weight = Double.parseDouble(text.substring(WEIGHT.length()).strip());
          return weight >= 0 && weight <= 1 ? weight : 0;
        } catch (NumberFormatException e) {
          return 0;
        }
      }
    }
    return 1;
  }
}
