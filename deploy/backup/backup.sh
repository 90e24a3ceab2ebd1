#!/bin/sh
# Takes a backup, sees whether it restores, thins the older ones out, and copies what is new away.
#
# Everything comes from the environment: the settings of digital-twin (TWIN_BACKUP_RECIPIENTS, TWIN_BACKUP_DIR, DATA_DIR, DB_...),
# KEEP_DAILY and KEEP_WEEKLY, and RCLONE_TARGET (remote:folder) where archives are copied to; without it they stay here.
set -eu

digital-twin backup --verify --keep-daily "${KEEP_DAILY:-7}" --keep-weekly "${KEEP_WEEKLY:-5}"

if [ -n "${RCLONE_TARGET:-}" ]; then
    # Archives never change: one that is there already with another content is an error, and none is deleted there.
    rclone copy --immutable --include 'digital-twin-*.{tar.zst,tar.zst.age}' \
        "${TWIN_BACKUP_DIR:-${DATA_DIR:-data}/backups}" "$RCLONE_TARGET"
fi
