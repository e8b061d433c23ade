package dev.holdfast.gateway.tls;

import dev.holdfast.core.Clock;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.tls.PemKeys;
import dev.holdfast.core.tls.ReloadableFiles;
import dev.holdfast.gateway.limits.GatewayMeter;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A TLS context that is rebuilt when its files change. Each context has its own session cache, so
 * that no session outlives the files it was agreed under. Polled by one thread.
 */
final class ReloadableTlsContext implements AutoCloseable {
  private final Optional<TlsIdentity> tlsIdentity;
  private final Optional<Path> authority;
  private final TlsContextMaker tlsContextMaker;
  private final Clock clock;
  private final MeterRegistry meters;
  private final ReloadableFiles files;
  private @Nullable CertificateExpiry life;
  private volatile @Nullable Made made;

  /** The contexts that are made from one reading of the files. */
  private static final class Made {
    private final KeyMaterial keyMaterial;
    private final SslContext context;
    private volatile @Nullable SslContext halfClosing;

    Made(KeyMaterial keyMaterial, SslContext context) {
      this.keyMaterial = keyMaterial;
      this.context = context;
    }
  }

  /** The key material of a context. */
  record KeyMaterial(Optional<CertificateAndKey> own, List<X509Certificate> authorities) {}

  /** A certificate chain and its private key. */
  record CertificateAndKey(List<X509Certificate> chain, PrivateKey key) {
    X509Certificate[] array() {
      return chain.toArray(X509Certificate[]::new);
    }
  }

  /** Factory of TLS contexts from key material. */
  interface TlsContextMaker {
    SslContext make(KeyMaterial keyMaterial, SslProvider provider) throws IOException;
  }

  /** The files of one context. */
  record TlsContextFiles(Optional<TlsIdentity> identity, Optional<Path> authority) {
    List<Path> files() {
      List<Path> files = new ArrayList<>();
      identity.ifPresent(own -> files.addAll(List.of(own.certificate(), own.key())));
      authority.ifPresent(files::add);
      return files;
    }
  }

  /**
   * Reads the files and makes the first context.
   *
   * @throws IllegalArgumentException that names the file that can't be used
   */
  ReloadableTlsContext(
      TlsContextFiles tlsContextFiles,
      TlsContextMaker tlsContextMaker,
      Clock clock,
      MeterRegistry meters) {
    this.tlsIdentity = tlsContextFiles.identity();
    this.authority = tlsContextFiles.authority();
    this.tlsContextMaker = tlsContextMaker;
    this.clock = clock;
    this.meters = meters;
    this.files = new ReloadableFiles(tlsContextFiles.files(), this::use);
    try {
      if (tlsContextFiles.files().isEmpty()) {
        use(List.of());
      } else {
        files.read();
      }
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException(
          "tls: " + e.getFile() + ": not there (expected: a PEM file)", e);
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException("tls: " + IoErrorText.withFile(e), e);
    }
  }

  /** The current context, for new handshakes. */
  SslContext context() {
    return known().context;
  }

  /** The current context for connections that may half-close, made on first use. */
  SslContext halfClosing() {
    Made known = known();
    SslContext context =
        TlsContextFactory.PROVIDER == SslProvider.JDK ? known.context : known.halfClosing;
    if (context == null) {
      try {
        context = tlsContextMaker.make(known.keyMaterial, SslProvider.JDK);
      } catch (IOException e) {
        throw new IllegalStateException("the JDK has no use for what BoringSSL uses", e);
      }
      known.halfClosing = context;
    }
    return context;
  }

  private Made known() {
    Made known = made;
    if (known == null) {
      throw new IllegalStateException("made by the constructor, or it has thrown");
    }
    return known;
  }

  /** Reloads the files if they changed and are valid, and checks the certificate's expiry. */
  void look() {
    switch (files.reloadIfStable()) {
      case USED -> GatewayMeter.TLS_FILES.counter(meters, "used").increment();
      case REFUSED -> GatewayMeter.TLS_FILES.counter(meters, "refused").increment();
      case SAME -> {
        // As nearly always.
      }
    }
    CertificateExpiry known = life;
    if (known != null) {
      var unused = known.check();
    }
  }

  private void use(List<byte[]> contents) throws IOException {
    Optional<CertificateAndKey> certificateAndKey = Optional.empty();
    int next = 0;
    if (tlsIdentity.isPresent()) {
      TlsIdentity mine = tlsIdentity.get();
      List<X509Certificate> chain =
          KeyFiles.valid(mine.certificate(), contents.get(next++), clock.wallTime());
      PrivateKey key = PemKeys.key(mine.key().toString(), contents.get(next++));
      KeyFiles.requirePair(chain.get(0), key, mine.key());
      certificateAndKey = Optional.of(new CertificateAndKey(chain, key));
    }
    List<X509Certificate> authorities =
        authority.isEmpty()
            ? List.of()
            : PemKeys.certificates(authority.get().toString(), contents.get(next));
    KeyMaterial keyMaterial = new KeyMaterial(certificateAndKey, authorities);
    made = new Made(keyMaterial, tlsContextMaker.make(keyMaterial, TlsContextFactory.PROVIDER));
    if (certificateAndKey.isPresent() && tlsIdentity.isPresent()) {
      live(tlsIdentity.get().certificate(), certificateAndKey.get().chain());
    }
  }

  private void live(Path file, List<X509Certificate> chain) {
    CertificateExpiry known = life;
    if (known == null) {
      life = new CertificateExpiry(file, chain, clock, meters);
    } else {
      known.use(chain);
    }
  }

  @Override
  public void close() {
    CertificateExpiry known = life;
    if (known != null) {
      known.close();
    }
  }
}
