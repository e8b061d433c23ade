package dev.holdfast.cli.console;

import dev.holdfast.cli.VersionCommand;
import dev.holdfast.cli.control.ListenAddress;
import dev.holdfast.cli.control.PolicySplits;
import dev.holdfast.cli.fleet.FleetServices;
import dev.holdfast.cli.fleet.OpenFleet;
import dev.holdfast.core.Clock;
import dev.holdfast.core.HostPort;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A running console. Closing it closes its fleet too. */
public final class Console implements AutoCloseable {
  private final OpenFleet fleet;
  private final ForeignStates foreign;
  private final ConsoleFeed feed;
  private final ConsoleServer server;
  private final ConsoleAccess access;

  private Console(
      OpenFleet fleet,
      ForeignStates foreign,
      ConsoleFeed feed,
      ConsoleServer server,
      ConsoleAccess access) {
    this.fleet = fleet;
    this.foreign = foreign;
    this.feed = feed;
    this.server = server;
    this.access = access;
  }

  /**
   * Where a console listens, and what it shows beside its fleet.
   *
   * @param token what browsers must present
   * @param gateways admin addresses of gateways
   * @param controls admin addresses of control planes
   * @param authorization what gateways and control planes beyond loopback are shown
   * @param policy the policy file of control planes, whose splits the page may change
   */
  public record ConsoleOptions(
      InetSocketAddress listen,
      String token,
      List<HostPort> gateways,
      List<HostPort> controls,
      Optional<String> authorization,
      Optional<Path> policy) {
    /** On a free port of loopback, with a random token. */
    public static ConsoleOptions onFreePort(List<HostPort> gateways) {
      return new ConsoleOptions(
          ListenAddress.parse("console", "0"),
          ConsoleAccess.randomToken(),
          gateways,
          List.of(),
          Optional.empty(),
          Optional.empty());
    }

    /** Without the token. */
    @Override
    public String toString() {
      return "ConsoleOptions{listen=" + listen + "}";
    }
  }

  /** The opening of a fleet that tells an observer of its lists. */
  @FunctionalInterface
  public interface FleetOpening {
    /** Opens it. */
    OpenFleet open(FleetServices.EndpointsObserver observer) throws InterruptedException;
  }

  /**
   * Opens the fleet, binds the address and serves from now on.
   *
   * @throws IOException when the address can't be bound
   * @throws InterruptedException when the thread is interrupted meanwhile
   */
  public static Console open(FleetOpening opening, ConsoleOptions options)
      throws IOException, InterruptedException {
    Clock clock = Clock.system();
    Timeline timeline = new Timeline(clock);
    TimelineRecorder recorder = new TimelineRecorder(timeline, clock);
    OpenFleet fleet = opening.open(recorder);
    ForeignStates foreign =
        new ForeignStates(
            options.gateways(),
            options.controls(),
            fleet.reader()::services,
            options.authorization());
    ConsoleFeed feed = new ConsoleFeed(fleet.reader(), foreign, timeline, recorder, clock);
    ConsoleAccess access =
        new ConsoleAccess(options.token(), options.listen().getAddress().isLoopbackAddress());
    String version = VersionCommand.number();
    ConsoleRequests requests =
        new ConsoleRequests(
            feed,
            access,
            options.policy().map(PolicySplits::new),
            mayAct ->
                ConsoleJson.info(fleet.registry(), version, mayAct, options.policy().isPresent()));
    try {
      ConsoleServer server = ConsoleServer.open(options.listen(), requests);
      feed.start();
      return new Console(fleet, foreign, feed, server, access);
    } catch (IOException e) {
      feed.close();
      foreign.close();
      fleet.close();
      throw e;
    }
  }

  /** The bound address, with the actual port. */
  public InetSocketAddress address() {
    return server.address();
  }

  /** The address of the page, without the token. */
  public String page() {
    return "http://" + ListenAddress.text(address()) + "/";
  }

  /** The link with the token, behind the #, where neither a proxy's log nor a referrer has it. */
  public String link() {
    return page() + "#token=" + access.token();
  }

  @Override
  public void close() {
    server.close();
    feed.close();
    foreign.close();
    fleet.close();
  }
}
