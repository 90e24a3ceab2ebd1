#!/bin/sh
# Takes a backup, sees whether it restores, thins the older ones out, and copies what is new away.
#
# Everything comes from the environment: the settings of digital-twin (TWIN_BACKUP_RECIPIENTS, TWIN_BACKUP_DIR, DATA_DIR, DB_...),
# KEEP_DAILY and KEEP_WEEKLY, and RCLONE_TARGET (remote:folder) where archives are copied to; without it they stay here.
set -eu

exec digital-twin backup --verify --keep-daily "${KEEP_DAILY:-7}" --keep-weekly "${KEEP_WEEKLY:-5}" ${RCLONE_TARGET:+--copy-to "$RCLONE_TARGET"}
