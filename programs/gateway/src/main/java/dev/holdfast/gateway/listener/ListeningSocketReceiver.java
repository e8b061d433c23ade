package dev.holdfast.gateway.listener;

import java.io.IOException;
import java.util.List;

/** A receiver of the listening sockets of a gateway. */
public interface ListeningSocketReceiver {
  /**
   * Takes the sockets, which stay the gateway's and stay open until this method returns.
   *
   * @param sockets in the order of its listeners; none while it drains
   */
  void take(List<ListeningSocket> sockets) throws IOException;
}
