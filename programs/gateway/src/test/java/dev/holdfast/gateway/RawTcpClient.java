package dev.holdfast.gateway;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;

/** What a socket without any protocol sees. */
final class RawTcpClient {
  private RawTcpClient() {}

  /** Reads until the other side ends it, by FIN or RST; throws when it takes too long. */
  static boolean isEnded(Socket socket) throws IOException {
    var unused = rest(socket);
    return true;
  }

  /** Says something, and reads all that is answered; what a reset cuts off is missing. */
  static String answer(Socket socket, byte[] said) throws IOException {
    try {
      socket.getOutputStream().write(said);
    } catch (SocketException e) {
      // It was ended before all was said.
      return "";
    }
    return rest(socket);
  }

  private static String rest(Socket socket) throws IOException {
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    try {
      for (int next = socket.getInputStream().read(); next >= 0; ) {
        read.write(next);
        next = socket.getInputStream().read();
      }
    } catch (SocketException e) {
      // A reset, as what it sent was not read to the end.
      return read.toString(StandardCharsets.UTF_8);
    }
    return read.toString(StandardCharsets.UTF_8);
  }
}
