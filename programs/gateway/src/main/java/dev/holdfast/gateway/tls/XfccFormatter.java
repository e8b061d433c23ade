package dev.holdfast.gateway.tls;

import dev.holdfast.core.annotation.Limit;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.Certificate;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.security.auth.x500.X500Principal;

/**
 * Formatter of {@code x-forwarded-client-cert} in Envoy's format: {@code
 * Hash=..;Subject="..";URI=..;DNS=..}. The value is printable ASCII. Escaping prevents that the
 * certificate's content imitates another element.
 */
final class XfccFormatter {
  @Limit(
      of = "characters of a client's certificate that services are told",
      then = "names that don't fit are left out, the hash never")
  static final int MAX_CHARS = 4_096;

  private static final int DNS_NAME = 2;
  private static final int URI_NAME = 6;

  private XfccFormatter() {}

  /** The verified certificate of the client; empty for none. */
  static Optional<X509Certificate> of(SSLSession session) {
    try {
      Certificate[] chain = session.getPeerCertificates();
      return chain.length > 0 && chain[0] instanceof X509Certificate own
          ? Optional.of(own)
          : Optional.empty();
    } catch (SSLPeerUnverifiedException e) {
      // It showed none, as it may where one is optional.
      return Optional.empty();
    }
  }

  /** The header element for a certificate. */
  static String describe(X509Certificate certificate) {
    StringBuilder text = new StringBuilder(256);
    text.append("Hash=").append(hash(certificate));
    appendNames(certificate, text);
    return text.toString();
  }

  /** The names in a certificate, which its successors have too. */
  static String names(X509Certificate certificate) {
    StringBuilder text = new StringBuilder(256);
    appendNames(certificate, text);
    return text.toString();
  }

  private static void appendNames(X509Certificate certificate, StringBuilder text) {
    String subject = certificate.getSubjectX500Principal().getName(X500Principal.RFC2253);
    append(text, "Subject=\"" + inSubject(subject) + "\"");
    names(certificate, URI_NAME).forEach(name -> append(text, "URI=" + inName(name)));
    names(certificate, DNS_NAME).forEach(name -> append(text, "DNS=" + inName(name)));
  }

  private static void append(StringBuilder text, String part) {
    if (text.length() + 1 + part.length() <= MAX_CHARS) {
      text.append(';').append(part);
    }
  }

  private static String hash(X509Certificate certificate) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has it", e);
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("it was decoded from that", e);
    }
  }

  private static List<String> names(X509Certificate certificate, int type) {
    List<String> names = new ArrayList<>();
    try {
      Collection<List<?>> all = certificate.getSubjectAlternativeNames();
      for (List<?> each : all == null ? List.<List<?>>of() : all) {
        if (each.get(0).equals(type)) {
          names.add(String.valueOf(each.get(1)));
        }
      }
    } catch (CertificateParsingException e) {
      // Its names make no sense, so nobody is told any; its hash says which one it is.
      return List.of();
    }
    return names;
  }

  /**
   * A subject in RFC 2253 form, with characters that could end the text escaped as hex pairs. Safe
   * also for parsers that ignore quotes.
   */
  private static String inSubject(String name) {
    StringBuilder text = new StringBuilder(name.length());
    for (int i = 0; i < name.length(); ) {
      int code = name.codePointAt(i);
      i += Character.charCount(code);
      if (code == '\\' && i < name.length() && "\\\";".indexOf(name.charAt(i)) >= 0) {
        escape(text, '\\', name.charAt(i++));
      } else if (code == '"' || code < ' ' || code > '~') {
        escape(text, '\\', code);
      } else {
        text.appendCodePoint(code);
      }
    }
    return text.toString();
  }

  /**
   * A name, quoted if needed; characters that would end the quotes are percent-encoded (RFC 3986,
   * 2.1).
   */
  private static String inName(String name) {
    StringBuilder text = new StringBuilder(name.length());
    boolean quoted = false;
    for (int i = 0; i < name.length(); ) {
      int code = name.codePointAt(i);
      i += Character.charCount(code);
      quoted |= ",;=".indexOf(code) >= 0;
      if (code <= ' ' || code > '~' || code == '"' || code == '\\') {
        escape(text, '%', code);
      } else {
        text.appendCodePoint(code);
      }
    }
    return quoted ? "\"" + text + "\"" : text.toString();
  }

  private static void escape(StringBuilder text, char mark, int code) {
    for (byte each : Character.toString(code).getBytes(StandardCharsets.UTF_8)) {
      text.append(mark).append(HexFormat.of().withUpperCase().toHexDigits(each));
    }
  }
}
