/** The admin service of processes without a builder of this library. */
@NullMarked
package dev.holdfast.grpc.admin;

import org.jspecify.annotations.NullMarked;
