package dev.holdfast.bench.liveness;

import dev.holdfast.bench.load.EchoInstance;
import dev.holdfast.lab.process.ParentLine;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The stock servers on given addresses. They permit PINGs as often as a stock client can send them.
 */
final class DeadPeerServers {
  /** The line that the child prints when all servers listen. */
  static final String LISTENING = "LISTENING";

  private static final int PERMIT_SECONDS = 5;

  private DeadPeerServers() {}

  /** The main method of the child process; the arguments are {@code HOST:PORT..}. */
  public static void main(String[] args) throws Exception {
    List<Server> servers = new ArrayList<>();
    for (String address : args) {
      int colon = address.lastIndexOf(':');
      servers.add(
          NettyServerBuilder.forAddress(
                  new InetSocketAddress(
                      address.substring(0, colon), Integer.parseInt(address.substring(colon + 1))))
              .directExecutor()
              .permitKeepAliveTime(PERMIT_SECONDS, TimeUnit.SECONDS)
              .permitKeepAliveWithoutCalls(true)
              .addService(new EchoInstance(address))
              .build()
              .start());
    }
    ParentLine parent = new ParentLine();
    parent.say("%s", LISTENING);
    while (!parent.next().isEmpty()) {
      // Nothing is asked of servers but to be there.
    }
    servers.forEach(Server::shutdownNow);
    System.exit(0);
  }
}
