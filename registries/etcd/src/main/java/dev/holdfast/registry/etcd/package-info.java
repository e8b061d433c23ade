/** A registry kept in etcd, read and written by a thin client on the generated stubs. */
@NullMarked
package dev.holdfast.registry.etcd;

import org.jspecify.annotations.NullMarked;
