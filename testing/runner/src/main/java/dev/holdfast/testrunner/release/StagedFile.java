package dev.holdfast.testrunner.release;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A file of a staged artifact with those that belong to it: its signature and its checksums. */
final class StagedFile {
  private static final Map<String, String> CHECKSUMS = Map.of("md5", "MD5", "sha1", "SHA-1");
  private static final String ARMOR = "-----BEGIN PGP SIGNATURE-----";

  private final Path file;

  StagedFile(Path file) {
    this.file = file;
  }

  /** What Central would refuse, one line each. Signatures are verified by gpg, not here. */
  List<String> faults() throws IOException {
    if (!Files.isRegularFile(file)) {
      return List.of(file.getFileName() + ": missing (expected: a file)");
    }
    List<String> faults = new ArrayList<>();
    if (Files.size(file) == 0) {
      faults.add(file.getFileName() + ": empty (expected: content)");
    }
    Path signature = file.resolveSibling(file.getFileName() + ".asc");
    if (!Files.isRegularFile(signature)) {
      faults.add(signature.getFileName() + ": missing (expected: a signature)");
    } else if (!Files.readString(signature, StandardCharsets.US_ASCII).startsWith(ARMOR)) {
      faults.add(signature.getFileName() + ": no PGP signature (expected: one in ASCII)");
    }
    for (Map.Entry<String, String> each : new TreeMap<>(CHECKSUMS).entrySet()) {
      checkChecksum(faults, each.getKey(), each.getValue());
    }
    return faults;
  }

  private void checkChecksum(List<String> faults, String ending, String algorithm)
      throws IOException {
    Path checksum = file.resolveSibling(file.getFileName() + "." + ending);
    if (!Files.isRegularFile(checksum)) {
      faults.add(checksum.getFileName() + ": missing (expected: a checksum)");
      return;
    }
    String stated =
        Files.readString(checksum, StandardCharsets.US_ASCII).trim().toLowerCase(Locale.ROOT);
    String found = digest(algorithm);
    if (!stated.equals(found)) {
      faults.add(checksum.getFileName() + ": " + stated + " (expected: " + found + ")");
    }
  }

  private String digest(String algorithm) throws IOException {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance(algorithm).digest(Files.readAllBytes(file)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(algorithm + ": not in this JDK (expected: in every one)", e);
    }
  }
}
