//! Designer and assessor. They fill in proposals and never steer control flow.
