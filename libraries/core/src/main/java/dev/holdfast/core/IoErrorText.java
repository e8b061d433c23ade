package dev.holdfast.core;

import java.io.EOFException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The text of a failure of files, sockets and TLS, for people: the reason in words, without the
 * name of a Java class or of a system call. The caller names the file or the address.
 */
public final class IoErrorText {
  private static final int CAUSES_READ = 16;

  /**
   * The system call that texts of Netty and of the JDK's processes begin with: {@code
   * finishConnect(..) failed with error(-111): }, {@code Cannot run program "x": error=13, }.
   */
  private static final Pattern SYSTEM_CALL =
      Pattern.compile(
          "^(?:(?:syscall:)?\\w+\\(\\.\\.\\) failed(?: with error\\(-?\\d+\\))?: "
              + "|Cannot run program .*: error=\\d+, )");

  /** The address that Netty's texts end with: {@code : localhost/127.0.0.1:80}. */
  private static final Pattern ADDRESS = Pattern.compile(": [^ /]*/[0-9a-fA-F.:%\\[\\]]+$");

  /** The texts about a first byte that is not TLS; the JDK has no type for it. */
  private static final List<String> NOT_TLS =
      List.of("Unsupported or unrecognized SSL message", "not an SSL/TLS record");

  private IoErrorText() {}

  /** The reason of a failure or, if that has none of its own, of its causes. */
  public static String of(Throwable failure) {
    Throwable cause = failure;
    for (int i = 0; i < CAUSES_READ && cause != null; i++) {
      String text = known(cause);
      if (text != null) {
        return text;
      }
      cause = cause.getCause();
    }
    return message(failure instanceof SSLException ? root(failure) : failure);
  }

  private static String message(Throwable failure) {
    String message = failure.getMessage();
    if (message == null || message.isBlank()) {
      return "input or output failed";
    }
    String reason = SYSTEM_CALL.matcher(message).replaceFirst("");
    return inSentence(ADDRESS.matcher(reason).replaceFirst(""));
  }

  private static Throwable root(Throwable failure) {
    Throwable root = failure;
    for (int i = 0; i < CAUSES_READ && root.getCause() != null; i++) {
      root = root.getCause();
    }
    return root;
  }

  /** A message in the middle of a sentence: "is a directory"; abbreviations stay as they are. */
  private static String inSentence(String message) {
    boolean word = message.length() > 1 && Character.isLowerCase(message.charAt(1));
    return word ? Character.toLowerCase(message.charAt(0)) + message.substring(1) : message;
  }

  /** As {@link #of}, after the name of the file where the failure has one. */
  public static String withFile(Throwable failure) {
    return failure instanceof FileSystemException file && file.getFile() != null
        ? file.getFile() + ": " + ofFile(file)
        : of(failure);
  }

  private static @Nullable String known(Throwable failure) {
    if (failure instanceof FileSystemException file) {
      return ofFile(file);
    }
    if (failure instanceof CharacterCodingException) {
      return "not text in UTF-8";
    }
    if (failure instanceof UnresolvedAddressException || failure instanceof UnknownHostException) {
      return "unknown host";
    }
    if (failure instanceof HttpTimeoutException || failure instanceof SocketTimeoutException) {
      return "no answer in time";
    }
    if (failure instanceof ConnectException) {
      return failure.getMessage() == null ? ofJdksClient(failure) : message(failure);
    }
    if (failure instanceof ProtocolException) {
      return "the answer is not HTTP/1.1";
    }
    if (failure instanceof EOFException || failure instanceof ClosedChannelException) {
      return "the connection was closed without an answer";
    }
    return knownOfTls(failure);
  }

  /**
   * The JDK's HTTP client gives a failed attempt no text, and perhaps a cause that has one; that of
   * a refused one says that the channel is closed.
   */
  private static @Nullable String ofJdksClient(Throwable failure) {
    boolean unexplained =
        failure.getCause() == null || root(failure) instanceof ClosedChannelException;
    return unexplained ? "no connection" : null;
  }

  private static @Nullable String knownOfTls(Throwable failure) {
    if (failure instanceof CertPathBuilderException) {
      return "certificate of no trusted authority";
    }
    if (failure instanceof CertificateExpiredException) {
      return "certificate expired (" + failure.getMessage() + ")";
    }
    if (failure instanceof CertificateNotYetValidException) {
      return "certificate not valid yet (" + failure.getMessage() + ")";
    }
    String message = String.valueOf(failure.getMessage());
    boolean plain = failure instanceof SSLException && NOT_TLS.stream().anyMatch(message::contains);
    return plain ? "the peer speaks no TLS" : null;
  }

  private static String ofFile(FileSystemException failure) {
    if (failure instanceof NoSuchFileException) {
      return "no such file";
    }
    if (failure instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (failure instanceof FileAlreadyExistsException) {
      return "the file exists already";
    }
    if (failure instanceof NotDirectoryException) {
      return "not a directory";
    }
    String reason = failure.getReason();
    return reason == null ? "the file system refuses it" : reason.toLowerCase(Locale.ROOT);
  }
}
