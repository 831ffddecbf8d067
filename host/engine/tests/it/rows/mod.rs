//! One test for each requirement of the specification that no other test shows: the name begins with the row of
//! `docs/conformance-rows.toml`. `cargo xtask conformance` counts these and all others that are named so.

mod a_provider;
mod b_instruments;
mod c_duplicates;
mod e_streams;
mod f_matching;
mod g_aggregation;
mod h_exponential;
mod i_callbacks;
mod j_temporality;
mod l_cardinality;
mod m_exemplars;
mod n_readers;
mod o_filters;
