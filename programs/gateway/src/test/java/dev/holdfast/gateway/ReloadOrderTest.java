package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryProvider;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.core.local.FreePort;
import dev.holdfast.gateway.config.GatewayConfig;
import dev.holdfast.gateway.config.GatewayYaml;
import dev.holdfast.gateway.config.LiveConfig;
import dev.holdfast.gateway.config.LiveListeners;
import dev.holdfast.gateway.tls.TlsContexts;
import dev.holdfast.registry.file.FileRegistryProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What clients meet while a gateway changes from one configuration to the next. */
@SuppressWarnings("NullAway.Init") // begin() fills the fields
class ReloadOrderTest {
  private static final byte[] HELLO = "hello\n".getBytes(StandardCharsets.US_ASCII);

  @TempDir private Path folder;
  private final GatewayRig rig = new GatewayRig();
  private final HookedProvider provider = new HookedProvider();
  private final List<Socket> clients = new ArrayList<>();
  private int first;
  private int second;
  private ServerSocket server;
  private LiveConfig live;
  private LiveListeners listeners;
  private Gateway gateway;

  @BeforeEach
  void open() throws IOException {
    first = FreePort.find();
    second = FreePort.find();
    server = rig.closing(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
    server.setSoTimeout((int) Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS).toMillis());
    Path db = Files.createDirectories(folder.resolve("db"));
    Files.writeString(db.resolve("all.list"), "127.0.0.1:" + server.getLocalPort() + "\n");
  }

  @AfterEach
  void close() throws IOException {
    for (Socket client : clients) {
      client.close();
    }
    rig.close();
  }

  @Test
  void whoIsRefusedLaterHasClosedNothingBefore() throws Exception {
    begin(listener(first, "") + ", " + listener(second, ""), "");
    provider.onOpen =
        () -> {
          comeIn(second);
          throw new IllegalArgumentException("registry parameter: nonsense");
        };

    assertThatThrownBy(() -> use(listener(first, ""), followedDb()))
        .hasMessage("registry parameter: nonsense");

    assertThat(gateway.addresses()).extracting(InetSocketAddress::getPort).contains(first, second);
    comeIn(second);
  }

  @Test
  void whoComesInAtANewListenerFindsItsNewCluster() throws Exception {
    begin(listener(first, ""), "");
    provider.onOpen = () -> comeIn(second);

    use(listener(first, "") + ", " + listener(second, "db"), followedDb());

    helloArrives();
  }

  @Test
  void whoComesInWhileAClusterGetsAnotherNameFindsIt() throws Exception {
    begin(listener(first, "db"), followedDb());
    comeIn(first);
    helloArrives();
    provider.onClose = () -> comeIn(first);

    use(
        listener(first, "other"),
        "other: {endpoints: ['127.0.0.1:" + server.getLocalPort() + "']}");

    helloArrives();
    comeIn(first);
    helloArrives();
  }

  private void begin(String listening, String clusters) throws IOException {
    GatewayConfig config = parsed(listening, clusters);
    TlsContexts keys = TlsContexts.open(rig.meters);
    Registries registries = new Registries(RegistryContext.system(), List.of(provider));
    live = rig.closing(LiveConfig.open(registries, config, Set.of(), Optional.empty(), keys));
    listeners = rig.closing(LiveListeners.open(keys, config.listeners()));
    GatewayOptions options =
        GatewayOptions.listeningAt(listeners.current()).withThreads(1).withMeters(rig.meters);
    gateway = rig.closing(Gateway.open(options, live.snapshot()));
    live.follow(gateway::apply);
  }

  private void use(String listening, String clusters) {
    GatewayConfig config = parsed(listening, clusters);
    listeners.use(gateway, config.listeners(), live, config);
  }

  private GatewayConfig parsed(String listening, String clusters) {
    Registries known = new Registries(RegistryContext.system(), List.of(provider));
    return GatewayYaml.parse(
        "gateway.yaml",
        "listeners: [" + listening + "]\nclusters: {" + clusters + "}\n",
        known::resolveTarget,
        Optional.empty());
  }

  private static String listener(int port, String cluster) {
    return "{address: '127.0.0.1:"
        + port
        + "'"
        + (cluster.isEmpty() ? "" : ", protocol: l4, cluster: " + cluster)
        + "}";
  }

  private String followedDb() {
    return "db: {target: 'hooked://" + folder + "/db'}";
  }

  /** A client says hello, and the gateway does all it does about that at once. */
  private void comeIn(int port) {
    try {
      Socket client = new Socket(InetAddress.getLoopbackAddress(), port);
      clients.add(client);
      client.getOutputStream().write(HELLO);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    // Its only thread looks at its sockets before each of these.
    for (int i = 0; i < 5; i++) {
      var unused = gateway.views(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS)).join();
    }
  }

  private void helloArrives() throws IOException {
    try (Socket accepted = server.accept()) {
      assertThat(accepted.getInputStream().readNBytes(HELLO.length)).isEqualTo(HELLO);
    }
  }

  /** Registries of files, which do something when they are opened and closed. */
  private static final class HookedProvider implements RegistryProvider {
    private Runnable onOpen = () -> {};
    private Runnable onClose = () -> {};

    @Override
    public String scheme() {
      return "hooked";
    }

    @Override
    public String example() {
      return "hooked:///db";
    }

    @Override
    public List<UriParameter> uriParameters() {
      return List.of();
    }

    @Override
    public Registry open(RegistryUri uri, RegistryContext context) {
      onOpen.run();
      Registry files =
          new FileRegistryProvider().open(RegistryUri.parse("file:///" + uri.namespace()), context);
      return (Registry)
          Proxy.newProxyInstance(
              Registry.class.getClassLoader(),
              new Class<?>[] {Registry.class},
              (proxy, method, arguments) -> {
                if (method.getName().equals("close")) {
                  onClose.run();
                }
                return method.invoke(files, arguments);
              });
    }
  }
}
