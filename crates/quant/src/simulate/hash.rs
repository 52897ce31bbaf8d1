//! The hash by which two runs are known to have traded the same.

use ktrdr_domain::Sha256;
use ktrdr_domain::report::backtest::{Direction, ExitReason, Trade};

/// What precedes the trades: the name and version of the encoding.
const HEADER: &[u8] = b"ktrdr trades 1\n";

/// The hash of a trade list. Equal exactly when every field of every trade is equal, bit for bit.
///
/// The hashed bytes are a header line and then each trade in 78 bytes, little-endian: direction (1 byte, 0 long,
/// 1 short), units, entry time (signed), entry price, exit time (signed), exit price, commission, financing, gross and
/// net P&L (8 bytes each), bars held (4), exit reason (1, in the order of [`ExitReason`]).
#[must_use]
pub fn trades_sha256(trades: &[Trade]) -> Sha256 {
    let mut bytes = Vec::with_capacity(HEADER.len() + trades.len() * 78);
    bytes.extend_from_slice(HEADER);
    for trade in trades {
        encode(trade, &mut bytes);
    }
    Sha256::of(&bytes)
}

fn encode(trade: &Trade, bytes: &mut Vec<u8>) {
    bytes.push(match trade.direction {
        Direction::Long => 0,
        Direction::Short => 1,
    });
    bytes.extend(trade.units.to_le_bytes());
    bytes.extend(trade.entry_time.0.to_le_bytes());
    bytes.extend(trade.entry_price.to_le_bytes());
    bytes.extend(trade.exit_time.0.to_le_bytes());
    for number in [trade.exit_price, trade.commission, trade.financing, trade.gross_pnl, trade.net_pnl] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(trade.bars_held.to_le_bytes());
    bytes.push(match trade.exit_reason {
        ExitReason::Signal => 0,
        ExitReason::StopLoss => 1,
        ExitReason::TakeProfit => 2,
        ExitReason::MaxHolding => 3,
        ExitReason::EndOfData => 4,
        ExitReason::Ruin => 5,
    });
}

#[cfg(test)]
mod tests {
    use ktrdr_domain::Timestamp;

    use super::*;

    fn trade() -> Trade {
        Trade {
            direction: Direction::Long,
            units: 10.0,
            entry_time: Timestamp(3_600),
            entry_price: 101.1,
            exit_time: Timestamp(10_800),
            exit_price: 103.9,
            commission: 2.05,
            financing: 0.0,
            gross_pnl: 28.0,
            net_pnl: 25.95,
            bars_held: 2,
            exit_reason: ExitReason::Signal,
        }
    }

    #[test]
    fn each_field_counts_to_the_last_bit() {
        let changes: [fn(&mut Trade); 12] = [
            |t| t.direction = Direction::Short,
            |t| t.units = t.units.next_up(),
            |t| t.entry_time.0 += 1,
            |t| t.entry_price = t.entry_price.next_up(),
            |t| t.exit_time.0 += 1,
            |t| t.exit_price = t.exit_price.next_up(),
            |t| t.commission = t.commission.next_up(),
            |t| t.financing = -0.0,
            |t| t.gross_pnl = t.gross_pnl.next_up(),
            |t| t.net_pnl = t.net_pnl.next_up(),
            |t| t.bars_held += 1,
            |t| t.exit_reason = ExitReason::EndOfData,
        ];
        let original = trades_sha256(&[trade()]);
        assert_eq!(original, trades_sha256(&[trade()]));
        for (field, change) in changes.iter().enumerate() {
            let mut changed = trade();
            change(&mut changed);
            assert_ne!(original, trades_sha256(&[changed]), "field {field}");
        }
    }

    #[test]
    fn no_trades_hash_as_the_header_alone_and_one_trade_takes_78_bytes() {
        assert_eq!(trades_sha256(&[]), Sha256::of(b"ktrdr trades 1\n"));
        let mut bytes = Vec::new();
        encode(&trade(), &mut bytes);
        assert_eq!(bytes.len(), 78);
    }
}
