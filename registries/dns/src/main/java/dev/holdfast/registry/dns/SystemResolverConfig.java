package dev.holdfast.registry.dns;

import dev.holdfast.core.FileStamp;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.Name;
import org.xbill.DNS.ResolverConfig;
import org.xbill.DNS.config.ResolvConfResolverConfigProvider;

/**
 * The name resolution settings of this machine: hosts file, name servers and search list. The files
 * are read again when they change, as a running container's do. Blocks; confined to one thread.
 */
final class SystemResolverConfig {
  private static final Logger log = LoggerFactory.getLogger(SystemResolverConfig.class);

  @Limit(of = "the hosts file", then = "a larger one is not used")
  private static final long MAX_HOSTS_BYTES = 16 * 1024 * 1024;

  /**
   * The name resolution settings at one moment.
   *
   * @param hosts addresses by name, lower case
   * @param servers name servers, in their order
   * @param search domains that short names are completed with
   * @param ndots with so many dots a name is tried as it is first
   */
  record ResolverSettings(
      Map<String, List<String>> hosts,
      List<InetSocketAddress> servers,
      List<Name> search,
      int ndots) {
    /** Explicit name servers: nothing else of the system counts. */
    static ResolverSettings of(List<InetSocketAddress> servers) {
      return new ResolverSettings(Map.of(), servers, List.of(), 1);
    }
  }

  private final Path hostsFile;
  private final Path resolvConf;
  private FileStamp hostsStamp = FileStamp.MISSING;
  private FileStamp configStamp = FileStamp.MISSING;
  private Map<String, List<String>> hosts = Map.of();
  private @Nullable ResolverSettings resolverSettings;

  SystemResolverConfig() {
    this(Path.of("/etc/hosts"), Path.of("/etc/resolv.conf"));
  }

  SystemResolverConfig(Path hostsFile, Path resolvConf) {
    this.hostsFile = hostsFile;
    this.resolvConf = resolvConf;
  }

  /** The current settings, read again if a file has changed. */
  ResolverSettings look() {
    FileStamp hostsNow = stamp(hostsFile);
    FileStamp configNow = stamp(resolvConf);
    ResolverSettings last = resolverSettings;
    if (last != null && hostsNow.equals(hostsStamp) && configNow.equals(configStamp)) {
      return last;
    }
    if (!hostsNow.equals(hostsStamp)) {
      hosts = readHosts(hostsNow);
    }
    hostsStamp = hostsNow;
    configStamp = configNow;
    ResolverSettings fresh = readConfig(configNow);
    resolverSettings = fresh;
    return fresh;
  }

  private ResolverSettings readConfig(FileStamp stamp) {
    if (stamp.sizeBytes() >= 0) {
      ResolvConfResolverConfigProvider config = new ResolvConfResolverConfigProvider();
      config.initialize();
      if (!config.servers().isEmpty()) {
        return new ResolverSettings(hosts, config.servers(), config.searchPaths(), config.ndots());
      }
    }
    ResolverConfig config = ResolverConfig.getCurrentConfig();
    return new ResolverSettings(hosts, config.servers(), config.searchPath(), config.ndots());
  }

  private Map<String, List<String>> readHosts(FileStamp stamp) {
    if (stamp.sizeBytes() < 0 || stamp.sizeBytes() > MAX_HOSTS_BYTES) {
      log.info("event=hosts_file_not_read file={} size={}", hostsFile, stamp.sizeBytes());
      return Map.of();
    }
    try {
      Map<String, List<String>> read = new HashMap<>();
      for (String line : Files.readAllLines(hostsFile)) {
        addLine(read, line);
      }
      return read;
    } catch (IOException e) {
      log.warn("event=hosts_file_unreadable file={} cause=\"{}\"", hostsFile, IoErrorText.of(e));
      return Map.of();
    }
  }

  private static void addLine(Map<String, List<String>> hosts, String line) {
    int comment = line.indexOf('#');
    String content = (comment < 0 ? line : line.substring(0, comment)).strip();
    String[] words = content.split("\\s+", -1);
    if (words.length < 2 || !DnsName.isLiteral(words[0])) {
      return;
    }
    for (int i = 1; i < words.length; i++) {
      List<String> addresses =
          hosts.computeIfAbsent(words[i].toLowerCase(Locale.ROOT), name -> new ArrayList<>());
      if (!addresses.contains(words[0])) {
        addresses.add(words[0]);
      }
    }
  }

  private static FileStamp stamp(Path file) {
    try {
      return FileStamp.of(file);
    } catch (NoSuchFileException e) {
      return FileStamp.MISSING;
    } catch (IOException e) {
      log.debug("event=file_unreadable file={} cause=\"{}\"", file, e.toString());
      return FileStamp.MISSING;
    }
  }
}
