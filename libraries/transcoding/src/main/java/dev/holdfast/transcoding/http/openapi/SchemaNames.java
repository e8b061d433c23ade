package dev.holdfast.transcoding.http.openapi;

import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.GenericDescriptor;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * The schema names of types in a document: their full names. If clusters define different types of
 * one name, the later ones get a numeric suffix. Not thread-safe.
 */
final class SchemaNames {
  private final IdentityHashMap<FileDescriptor, String> fingerprints = new IdentityHashMap<>();
  private final Map<String, List<String>> meanings = new HashMap<>();

  String of(GenericDescriptor type) {
    String name = type.getFullName();
    String meaning = fingerprint(type.getFile());
    List<String> known = meanings.computeIfAbsent(name, first -> new ArrayList<>(1));
    if (!known.contains(meaning)) {
      known.add(meaning);
    }
    int index = known.indexOf(meaning);
    return index == 0 ? name : name + "." + (index + 1);
  }

  /** A hash of a file and all its imports. */
  private String fingerprint(FileDescriptor file) {
    String known = fingerprints.get(file);
    if (known == null) {
      try {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(file.toProto().toByteArray());
        for (FileDescriptor imported : file.getDependencies()) {
          digest.update(HexFormat.of().parseHex(fingerprint(imported)));
        }
        known = HexFormat.of().formatHex(digest.digest());
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("SHA-256 (expected: in every JDK)", e);
      }
      fingerprints.put(file, known);
    }
    return known;
  }
}
